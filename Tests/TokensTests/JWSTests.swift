import Testing
import Tokens

@Suite struct JWSTests {
    private let key = FakeKey()
    private static let payload = #"{"iss":"portcullis","sub":"alice","jti":"t1","iat":1000,"exp":2000}"#

    @Test func encodeAndDecode() throws {
        let claims = TokenClaims.example(audiences: ["chat"], scopes: ["chat.read"], notBefore: 1000)
        let token = try JWS.encode(claims, signer: key)
        let decoded = try JWS.decode(token)
        #expect(decoded.header.fields == ["alg": .string("EdDSA"), "kid": .string("key-1"), "typ": .string("JWT")])
        #expect(decoded.header.algorithm == "EdDSA")
        #expect(decoded.header.keyID == "key-1")
        #expect(try decoded.claims() == claims)
        #expect(decoded.signingInput == Array(token[..<(try #require(token.lastIndex(of: ".")))].utf8))
        #expect(key.isValid(decoded.signature, for: decoded.signingInput))
    }

    @Test("RFC 8037 appendix A.4 is taken apart; its payload is no claims set, so it is no token")
    func payloadThatIsNoObject() {
        let token =
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
            + "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        #expect(throws: TokenError.malformed) { try JWS.decode(token) }
    }

    @Test(
        "H35 not three parts of canonical base64url",
        arguments: [
            "", ".", "..", "...", "a", "a.b", "a.b.c", "a.b.c.d", "a.b.c.d.e", "{H}.{P}", "{H}.{P}.", "{H}..{S}",
            ".{P}.{S}", "{H}.{P}.{S}.",
            "{H}.{P}.{S}.{S}", "{H}.{P}.{S}..", "{H}=.{P}.{S}", "{H}.{P}.{S}=", " {H}.{P}.{S}", "{H}.{P}.{S}\n",
            "{H}.{P}.{S} ", "Bearer {H}.{P}.{S}",
            "{H}.{P}.{S}\u{0}", "{H}.{P}+.{S}", "{H}.{P}.é",
        ])
    func structure(shape: String) throws {
        let parts = key.token(header: #"{"alg":"EdDSA","kid":"key-1"}"#, payload: Self.payload).split(separator: ".")
        let token = shape.replacing("{H}", with: parts[0]).replacing("{P}", with: parts[1]).replacing(
            "{S}", with: parts[2])
        #expect(throws: TokenError.malformed) { try JWS.decode(token) }
    }

    @Test(
        "H35 headers that are refused before any key is looked at",
        arguments: [
            "{}", "[]", "null", #"{"kid":"key-1"}"#, #"{"alg":null}"#, #"{"alg":1}"#, #"{"alg":["EdDSA"]}"#,
            #"{"alg":""}"#, #"{"alg":"none"}"#,
            #"{"alg":"None","kid":"key-1"}"#, #"{"alg":"nOnE","kid":"key-1"}"#,
            #"{"alg":"EdDSA","crit":["b64"],"b64":false}"#,
            #"{"alg":"EdDSA","crit":[]}"#, #"{"alg":"EdDSA","crit":["x"],"x":1}"#, #"{"alg":"EdDSA","kid":7}"#,
            #"{"alg":"EdDSA","kid":null}"#,
            #"{"alg":"EdDSA","typ":"JOSE"}"#, #"{"alg":"EdDSA","typ":1}"#, #"{"alg":"EdDSA","alg":"none"}"#,
            #"{"alg":"EdDSA"} x"#,
        ])
    func headers(header: String) {
        #expect(throws: TokenError.malformed) { try JWS.decode(key.token(header: header, payload: Self.payload)) }
    }

    @Test(
        "payloads that are no claims set", arguments: ["", "x", "[]", "1", "\"a\"", #"{"sub":"a","sub":"b"}"#])
    func payloads(payload: String) {
        #expect(throws: TokenError.malformed) {
            try JWS.decode(key.token(header: #"{"alg":"EdDSA"}"#, payload: payload))
        }
    }

    @Test("H35 8 KiB are read, a byte more is not, nor is 1 MB")
    func length() throws {
        func token(_ padding: Int) -> String {
            key.token(
                header: #"{"alg":"EdDSA"}"#, payload: #"{"a":""# + String(repeating: "x", count: padding) + #""}"#)
        }
        var padding = 6000
        while token(padding + 1).utf8.count <= JWS.maximumBytes { padding += 1 }
        #expect(throws: Never.self) { try JWS.decode(token(padding)) }
        #expect(throws: TokenError.malformed) { try JWS.decode(token(padding + 1)) }
        #expect(throws: TokenError.malformed) { try JWS.decode(String(repeating: "a", count: 1 << 20)) }
        #expect(throws: TokenError.malformed) { try JWS.decode(String(repeating: ".", count: 1 << 20)) }
    }

    @Test func claimsThatMakeTooLongATokenAreNotSigned() {
        let scopes = (0..<1000).map { "scope-number-\($0)" }
        #expect(throws: TokenError.malformed) { try JWS.encode(.example(scopes: scopes), signer: key) }
    }

    @Test("a substring is read as it is, without its surroundings")
    func substring() throws {
        let token = try JWS.encode(.example(), signer: key)
        #expect(try JWS.decode("bearer.\(token)".dropFirst(7)).claims() == .example())
    }

    @Test("H41 any damage to a token gives a value or `malformed`, never a trap")
    func damaged() throws {
        let token = Array(try JWS.encode(.example(), signer: key).utf8)
        for index in token.indices {
            for byte in [0, 0x2E, 0x3D, 0x41, 0x7A, 0x80, 0xFF] as [UInt8] {
                var damaged = token
                damaged[index] = byte
                let decoded = try? JWS.decode(String(decoding: damaged, as: UTF8.self))
                // What is read and differs does not verify.
                if let decoded, damaged != token { #expect(!key.isValid(decoded.signature, for: decoded.signingInput)) }
            }
            _ = try? JWS.decode(String(decoding: token[..<index], as: UTF8.self))
        }
    }
}
