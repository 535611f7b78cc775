import Testing
import Tokens

@Suite struct TokenAuthorityTests {
    private let key = FakeKey()
    private let authority = TokenAuthority()
    private static let payload = #"{"iss":"portcullis","sub":"alice","jti":"t1","iat":1000,"exp":2000}"#

    init() {
        authority.replaceKeys([key.verificationKey])
    }

    private func verify(
        _ token: String, issuers: [String] = ["local"], audience: String? = nil, scopes: [String] = [],
        now: Int64 = 1500
    ) throws(TokenError) -> VerifiedToken {
        try authority.verify(token, issuers: issuers, audience: audience, scopes: scopes, now: now)
    }

    private func verify(
        _ claims: TokenClaims, audience: String? = nil, scopes: [String] = [], now: Int64 = 1500
    ) throws -> VerifiedToken {
        try verify(try JWS.encode(claims, signer: key), audience: audience, scopes: scopes, now: now)
    }

    @Test func admitted() throws {
        let claims = TokenClaims.example(audiences: ["chat", "feed"], scopes: ["a", "b"], notBefore: 1000)
        let token = try verify(claims, audience: "chat", scopes: ["b", "a"])
        #expect(token.claims == claims)
        #expect(token.issuerName == "local")
        #expect(token.keyID == "key-1")
    }

    @Test(
        "no clock skew is allowed for",
        arguments: [(999, TokenError.notYetValid), (1000, nil), (1999, nil), (2000, .expired), (.max, .expired)]
            as [(Int64, TokenError?)])
    func times(now: Int64, error: TokenError?) throws {
        let claims = TokenClaims.example(notBefore: 1000)
        if let error {
            #expect(throws: error) { try verify(claims, now: now) }
        } else {
            #expect(try verify(claims, now: now).claims == claims)
        }
    }

    @Test("what only looks the same is neither the audience nor the scope that is asked for")
    func lookalikes() throws {
        let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}")
        let claims = TokenClaims.example(audiences: [composed], scopes: [composed])
        #expect(throws: Never.self) { try verify(claims, audience: composed, scopes: [composed]) }
        #expect(throws: TokenError.audienceMismatch) { try verify(claims, audience: decomposed) }
        #expect(throws: TokenError.scopeMissing) { try verify(claims, scopes: [decomposed]) }
    }

    @Test func audience() throws {
        #expect(throws: TokenError.audienceMismatch) { try verify(.example(), audience: "chat") }
        #expect(throws: TokenError.audienceMismatch) { try verify(.example(audiences: ["chats"]), audience: "chat") }
        #expect(throws: Never.self) { try verify(.example(audiences: ["x"])) }
    }

    @Test("all of the scopes are needed")
    func scopes() throws {
        #expect(throws: TokenError.scopeMissing) { try verify(.example(scopes: ["a"]), scopes: ["a", "b"]) }
        #expect(throws: TokenError.scopeMissing) { try verify(.example(scopes: ["a b"]), scopes: ["c"]) }
        #expect(throws: Never.self) { try verify(.example(scopes: ["b", "c", "a"]), scopes: ["a", "b"]) }
    }

    @Test func issuer() {
        let other = Self.payload.replacing("portcullis", with: "https://id.example.com/")
        let header = #"{"alg":"EdDSA","kid":"key-1"}"#
        #expect(throws: TokenError.issuerUnknown) { try verify(key.token(header: header, payload: other)) }
        #expect(throws: TokenError.issuerUnknown) {
            try verify(key.token(header: header, payload: Self.payload), issuers: [])
        }
    }

    @Test(
        "H35 kid is looked up and nothing else",
        arguments: [
            "key-2", "", "../../dev/null", "/etc/passwd", "key-1' OR '1'='1", "key-1\\u0000", "key-1 ", "KEY-1",
            "http://127.0.0.1:1/keys",
        ])
    func unknownKey(kid: String) {
        let token = key.token(header: #"{"alg":"EdDSA","kid":"\#(kid)"}"#, payload: Self.payload)
        #expect(throws: TokenError.unknownKey) { try verify(token) }
    }

    @Test("H35 without kid no key is tried")
    func noKeyID() {
        let token = key.token(header: #"{"alg":"EdDSA"}"#, payload: Self.payload)
        #expect(throws: TokenError.unknownKey) { try verify(token) }
    }

    @Test(
        "H35 an algorithm other than the key's own, though the signature matches",
        arguments: ["HS256", "RS256", "ES256", "eddsa", "EDDSA", "Ed25519", "EdDSA "])
    func algorithm(name: String) {
        let token = key.token(header: #"{"alg":"\#(name)","kid":"key-1"}"#, payload: Self.payload)
        #expect(throws: TokenError.signatureInvalid) { try verify(token) }
    }

    @Test("H35 a key that the token brings along is not used", arguments: ["jwk", "jku", "x5u", "x5c", "x5t"])
    func embeddedKey(field: String) {
        let forged = FakeKey(secret: "attacker")
        let value = #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
        let token = forged.token(header: #"{"alg":"EdDSA","kid":"key-1","\#(field)":\#(value)}"#, payload: Self.payload)
        #expect(throws: TokenError.signatureInvalid) { try verify(token) }
    }

    @Test("a signature over other claims is refused before those claims count")
    func tampered() throws {
        let parts = try JWS.encode(.example(), signer: key).split(separator: ".")
        let payload = Base64URL.encode(Array(Self.payload.replacing("2000", with: "1").utf8))
        #expect(throws: TokenError.signatureInvalid) { try verify("\(parts[0]).\(payload).\(parts[2])") }
    }

    @Test("revocation counts for tokens that are genuine")
    func revoked() throws {
        authority.add([.id("t1", expiresAt: 2000), .subject("bob", issuedUntil: 1200)])
        #expect(throws: TokenError.revoked) { try verify(.example()) }
        #expect(throws: TokenError.revoked) { try verify(.example(subject: "bob", id: "t2", issuedAt: 1200)) }
        #expect(throws: Never.self) { try verify(.example(subject: "bob", id: "t2", issuedAt: 1201)) }
        #expect(throws: Never.self) { try verify(.example(id: "t2")) }
        let forged = FakeKey(secret: "attacker")
        #expect(throws: TokenError.signatureInvalid) { try verify(try JWS.encode(.example(), signer: forged)) }
        #expect(authority.isRevoked(.example(), keyID: "key-1"))
    }

    @Test("all tokens of a key, and all that were issued until a time")
    func revokedByKeyAndTime() throws {
        let second = FakeKey(keyID: "key-2", secret: "other")
        authority.replaceKeys([key.verificationKey, second.verificationKey])
        authority.add([.key("key-2"), .all(issuedUntil: 900)])
        #expect(throws: TokenError.revoked) { try verify(try JWS.encode(.example(), signer: second)) }
        #expect(throws: TokenError.revoked) { try verify(.example(issuedAt: 900)) }
        #expect(throws: Never.self) { try verify(.example()) }
        #expect(authority.isRevoked(.example(), keyID: "key-2"))
        #expect(!authority.isRevoked(.example(), keyID: nil))
    }

    @Test func revocationsAreReplacedAsAWhole() throws {
        authority.add([.id("t1", expiresAt: 2000)])
        authority.replaceRevocations(RevocationSet([.id("t2", expiresAt: 2000)]))
        #expect(throws: Never.self) { try verify(.example()) }
        #expect(throws: TokenError.revoked) { try verify(.example(id: "t2")) }
    }

    @Test("H38 an unreadable store refuses everything, and only as long as it is unreadable")
    func unavailable() throws {
        authority.markUnavailable(true)
        #expect(throws: TokenError.storeUnavailable) { try verify(.example()) }
        #expect(throws: TokenError.storeUnavailable) { try verify("x") }
        #expect(throws: TokenError.storeUnavailable) { try authority.authenticate("x") }
        authority.markUnavailable(false)
        #expect(throws: Never.self) { try verify(.example()) }
    }

    @Test("H38 what becomes unreadable or revoked while a signature is checked counts")
    func changesDuringVerification() throws {
        struct Interrupting: SignatureVerifier {
            let action: @Sendable () -> Void
            func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
                action()
                return true
            }
        }
        let authority = authority
        authority.replaceKeys([
            VerificationKey(
                id: "key-1", algorithm: .edDSA,
                verifier: Interrupting { [unowned authority] in authority.add([.id("t1", expiresAt: 2000)]) })
        ])
        #expect(throws: TokenError.revoked) { try verify(.example()) }
        authority.replaceKeys([
            VerificationKey(
                id: "key-1", algorithm: .edDSA,
                verifier: Interrupting { [unowned authority] in authority.markUnavailable(true) })
        ])
        #expect(throws: TokenError.storeUnavailable) { try verify(.example(id: "t2")) }
    }

    @Test func keysAreReplacedAsAWhole() throws {
        let second = FakeKey(keyID: "key-2", secret: "other")
        authority.replaceKeys([second.verificationKey])
        #expect(throws: TokenError.unknownKey) { try verify(.example()) }
        #expect(try verify(try JWS.encode(.example(), signer: second)).keyID == "key-2")
        authority.replaceKeys([])
        #expect(throws: TokenError.unknownKey) { try verify(try JWS.encode(.example(), signer: second)) }
    }

    @Test("who an expired or revoked token is of can still be told")
    func authenticate() throws {
        authority.add([.id("t1", expiresAt: 2000)])
        let token = try JWS.encode(.example(expiresAt: 1), signer: key)
        #expect(try authority.authenticate(token).claims.subject == "alice")
        #expect(throws: TokenError.signatureInvalid) {
            try authority.authenticate(try JWS.encode(.example(), signer: FakeKey(secret: "attacker")))
        }
    }

    @Test("many threads verify while keys and revocations change")
    func concurrently() async throws {
        let token = try JWS.encode(.example(id: "kept"), signer: key)
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask { [authority] in
                    for _ in 0..<200 {
                        let verified = try? authority.verify(
                            token, issuers: ["local"], audience: nil, scopes: [], now: 1500)
                        #expect(verified?.id == "kept")
                    }
                }
                group.addTask { [authority, key] in
                    for round in 0..<200 {
                        authority.add([.id("w\(worker)-\(round)", expiresAt: Int64(round))])
                        authority.replaceKeys([key.verificationKey])
                        authority.replaceRevocations(RevocationSet())
                    }
                }
            }
        }
    }
}
