import Locking
import Testing

@testable import Tokens

/// Answers as it is told, and counts how often it was asked.
private final class FakeSource: TokenKeySource {
    let asked = Lock(0)
    let refresh: KeyRefresh?

    init(_ refresh: KeyRefresh? = KeyRefresh(patience: .seconds(5))) {
        self.refresh = refresh
    }

    func learn() -> KeyRefresh? {
        asked.withLock { $0 += 1 }
        return refresh
    }
}

/// A key of a set that takes no cryptography.
private func issuerKey(_ keyID: String?, secret: String = "s", _ algorithms: [SignatureAlgorithm] = [.es256])
    -> IssuerKey
{
    let x = Base64URL.encode(Array((secret + String(repeating: ".", count: 32)).utf8.prefix(32)))
    var members: [String: ClaimValue] = [
        "kty": .string("EC"), "crv": .string("P-256"), "x": .string(x), "y": .string(x),
    ]
    members["kid"] = keyID.map { .string($0) }
    guard let jwk = JWK(.object(members)) else { preconditionFailure("the example is no key") }
    let id = "corporate/\(keyID ?? "none")"
    return IssuerKey(
        id: id, jwk: jwk,
        verifiers: algorithms.map { VerificationKey(id: id, algorithm: $0, verifier: FakeKey(secret: secret)) })
}

@Suite struct TokenIssuersTests {
    private let authority = TokenAuthority()
    private let keys = TokenKeys()
    private let source = FakeSource()

    init() {
        authority.replaceKeys([FakeKey().verificationKey])
        _ = keys.replace([issuerKey("k1")])
    }

    private func issuers(_ change: (inout JWTRules) -> Void = { _ in }) -> TokenIssuers {
        var rules = JWTRules(
            issuer: "https://id.example.com/", audiences: ["chat", "feed"], algorithms: [.es256, .edDSA])
        change(&rules)
        return TokenIssuers(
            authority, foreign: [JWTIssuer(name: "corporate", rules: rules, keys: keys, source: source)])
    }

    private static let header = #"{"alg":"ES256","kid":"k1"}"#
    private static let claims = #""sub":"alice","aud":"chat","exp":2000"#

    private func token(
        _ claims: String = claims, issuer: String = "https://id.example.com/", header: String = header,
        secret: String = "s"
    ) -> String {
        FakeKey(secret: secret).token(header: header, payload: #"{"iss":"\#(issuer)",\#(claims)}"#)
    }

    private func verify(
        _ token: String, _ names: [String] = ["local", "corporate"], audience: String? = nil, scopes: [String] = [],
        now: Int64 = 1500, with change: (inout JWTRules) -> Void = { _ in }
    ) throws(TokenError) -> VerifiedToken {
        try issuers(change).verify(token, issuers: names, audience: audience, scopes: scopes, now: now)
    }

    @Test("a token is checked by the issuer that it names")
    func names() throws {
        let foreign = try verify(token())
        #expect(foreign.issuerName == "corporate")
        #expect(foreign.keyID == "corporate/k1")
        #expect(!foreign.isBuiltin)
        #expect(foreign.subject == "alice")
        #expect(foreign.id == "" && foreign.claims.issuedAt == 0)
        #expect(foreign.expiresAt == 2030)
        let builtin = try verify(try JWS.encode(.example(), signer: FakeKey()))
        #expect(builtin.issuerName == "local")
        #expect(builtin.keyID == "key-1")
        #expect(builtin.isBuiltin)
        #expect(builtin.expiresAt == 2000)
    }

    @Test("each check is told of, by the issuer's name in the policy where the token is known to be one of its")
    func observed() throws {
        let told = Lock<[String]>([])
        let observe: TokenIssuers.Observer = { issuer, failure in
            told.withLock { $0.append("\(issuer) \(failure.map { "\($0)" } ?? "valid")") }
        }
        let rules = JWTRules(issuer: "https://id.example.com/", audiences: ["chat", "feed"], algorithms: [.es256])
        let foreign = [JWTIssuer(name: "corporate", rules: rules, keys: keys, source: source)]
        let builtin = try JWS.encode(.example(), signer: FakeKey())
        let cases: [(TokenIssuers, String, Int64)] = [
            (TokenIssuers(authority, foreign: foreign, observe: observe), token(), 1500),
            (TokenIssuers(authority, foreign: foreign, observe: observe), token(), 1 << 40),
            (TokenIssuers(authority, foreign: foreign, observe: observe), token(issuer: "https://else.example/"), 1500),
            (TokenIssuers(authority, foreign: foreign, observe: observe), builtin, 1500),
            (TokenIssuers(authority, observe: observe), builtin, 1500),
            (TokenIssuers(authority, observe: observe), builtin, 1 << 40),
            (TokenIssuers(authority, observe: observe), "no token", 1500),
        ]
        for (issuers, token, now) in cases {
            _ = try? issuers.verify(token, issuers: ["local", "corporate"], audience: nil, scopes: [], now: now)
        }
        #expect(
            told.withLock { $0 } == [
                "corporate valid", "corporate expired", " issuerUnknown", "local valid", "local valid",
                "local expired", " malformed",
            ])
    }

    @Test("an issuer that the route does not admit is unknown, and so is one that is spelt otherwise")
    func unknownIssuer() throws {
        #expect(throws: TokenError.issuerUnknown) { try verify(token(), ["local"]) }
        #expect(throws: TokenError.issuerUnknown) { try verify(token(), []) }
        let builtin = try JWS.encode(.example(), signer: FakeKey())
        #expect(throws: TokenError.issuerUnknown) { try verify(builtin, ["corporate"]) }
        for other in ["https://id.example.com", "https://ID.example.com/", "", "portcullis "] {
            #expect(throws: TokenError.self) { try verify(token(issuer: other)) }
        }
        // To Swift these two are one text: é, and e with an accent behind it.
        #expect(throws: TokenError.issuerUnknown) {
            try verify(token(issuer: "e\u{301}")) { $0.issuer = "\u{e9}" }
        }
        #expect(throws: TokenError.malformed) {
            try verify(FakeKey().token(header: Self.header, payload: #"{"sub":"a","exp":2000}"#))
        }
    }

    @Test("a builtin token says nothing of a foreign key, nor the other way round")
    func crossed() {
        #expect(throws: TokenError.unknownKey) {
            try verify(token(#""sub":"a","jti":"t","iat":1,"exp":2000"#, issuer: "portcullis"))
        }
        #expect(throws: TokenError.unknownKey) { try verify(token(header: #"{"alg":"EdDSA","kid":"key-1"}"#)) }
    }

    @Test(
        "algorithm and key",
        arguments: [
            (#"{"alg":"ES256","kid":"k1"}"#, nil), (#"{"alg":"ES256","kid":"k1","typ":"at+jwt"}"#, nil),
            (#"{"alg":"ES256","kid":"k1","typ":"application/AT+JWT"}"#, nil), (#"{"alg":"ES256"}"#, nil),
            (#"{"alg":"ES256","kid":"k2"}"#, .unknownKey), (#"{"alg":"ES256","kid":"../k1"}"#, .unknownKey),
            (#"{"alg":"EdDSA","kid":"k1"}"#, .signatureInvalid), (#"{"alg":"EdDSA"}"#, .unknownKey),
            (#"{"alg":"HS256","kid":"k1"}"#, .signatureInvalid), (#"{"alg":"es256","kid":"k1"}"#, .signatureInvalid),
            (#"{"alg":"none","kid":"k1"}"#, .malformed), (#"{"alg":"ES256","kid":"k1","crit":["a"]}"#, .malformed),
            (#"{"alg":"ES256","kid":"k1","typ":"logout+jwt"}"#, .malformed), (#"{"kid":"k1"}"#, .malformed),
        ] as [(String, TokenError?)])
    func headers(header: String, error: TokenError?) throws {
        if let error {
            #expect(throws: error) { try verify(token(header: header)) }
        } else {
            _ = try verify(token(header: header))
        }
    }

    @Test("a builtin token is no access token of RFC 9068")
    func builtinType() {
        let header = #"{"alg":"EdDSA","kid":"key-1","typ":"at+jwt"}"#
        #expect(throws: TokenError.malformed) {
            try verify(token(#""sub":"a","jti":"t","iat":1,"exp":2000"#, issuer: "portcullis", header: header))
        }
    }

    @Test("another signature")
    func signature() {
        #expect(throws: TokenError.signatureInvalid) { try verify(token(secret: "other")) }
    }

    @Test("keys that share a kid are alternatives, and a token without one is tried with all, up to four")
    func candidates() throws {
        let named = (1...5).map { issuerKey("k1", secret: "s\($0)") }
        _ = keys.replace(Array(named.prefix(4)))
        for secret in ["s1", "s4"] {
            #expect(try verify(token(secret: secret)).keyID == "corporate/k1")
            #expect(throws: Never.self) { try verify(token(header: #"{"alg":"ES256"}"#, secret: secret)) }
        }
        _ = keys.replace(named)
        #expect(throws: TokenError.unknownKey) { try verify(token(secret: "s1")) }
        #expect(throws: TokenError.unknownKey) { try verify(token(header: #"{"alg":"ES256"}"#, secret: "s1")) }
    }

    @Test(
        "times, with a skew of 30 s",
        arguments: [
            (#""exp":2000"#, 2029, nil), (#""exp":2000"#, 2030, .expired), (#""exp":2000.9"#, 2030, .expired),
            (#""exp":9223372036854775807"#, .max - 1, nil), (#""exp":2000,"nbf":1530"#, 1500, nil),
            (#""exp":2000,"nbf":1531"#, 1500, .notYetValid), (#""exp":2000,"nbf":1530.1"#, 1500, .notYetValid),
            (#""exp":2000,"iat":1530"#, 1500, nil), (#""exp":2000,"iat":1531"#, 1500, .notYetValid),
        ] as [(String, Int64, TokenError?)])
    func times(claims: String, now: Int64, error: TokenError?) throws {
        let text = token(#""sub":"a","aud":"chat",\#(claims)"#)
        if let error {
            #expect(throws: error) { try verify(text, now: now) }
        } else {
            _ = try verify(text, now: now)
        }
    }

    @Test(
        "claims of a wrong type, or without which nothing can be decided",
        arguments: [
            #""sub":"a","aud":"chat""#, #""aud":"chat","exp":2000"#, #""sub":"","aud":"chat","exp":2000"#,
            #""sub":"a","aud":1,"exp":2000"#, #""sub":"a","aud":"chat","exp":"2000""#,
            #""sub":"a","aud":"chat","exp":2000,"jti":7"#, #""sub":"a","aud":"chat","exp":2000,"iat":"x""#,
            #""sub":"a","aud":"chat","exp":2000,"nbf":null"#, #""sub":"a","aud":"chat","exp":2000,"scope":7"#,
            #""sub":"a","aud":"chat","exp":2000,"scp":[7]"#,
        ])
    func malformed(claims: String) {
        #expect(throws: TokenError.malformed) { try verify(token(claims)) }
    }

    @Test("one of the issuer's audiences, and the route's as well")
    func audiences() throws {
        func claims(_ audience: String) -> String { #""sub":"a","exp":2000,"aud":\#(audience)"# }
        #expect(throws: TokenError.audienceMismatch) { try verify(token(claims(#""other""#))) }
        #expect(throws: TokenError.audienceMismatch) { try verify(token(claims("[]"))) }
        #expect(throws: TokenError.audienceMismatch) { try verify(token(#""sub":"a","exp":2000"#)) }
        #expect(throws: Never.self) { try verify(token(claims(#"["other","feed"]"#))) }
        #expect(throws: TokenError.audienceMismatch) { try verify(token(claims(#""feed""#)), audience: "chat") }
        #expect(throws: Never.self) { try verify(token(claims(#"["feed","x"]"#)), audience: "x") }
    }

    @Test("scopes as text and as an array, in scope, scp, or where the policy says")
    func scopes() throws {
        let base = Self.claims
        #expect(try verify(token(base)).scopes == [])
        #expect(try verify(token(base + #","scope":"a b""#)).scopes == ["a", "b"])
        #expect(try verify(token(base + #","scp":["a","b c"]"#)).scopes == ["a", "b c"])
        #expect(try verify(token(base + #","scp":"a","scope":"b""#)).scopes == ["b"])
        let nested = base + #","scope":"a","realm":{"roles":["r"]}"#
        let changed = try verify(token(nested)) { $0.scopes = ClaimPointer(["realm", "roles"]) }
        #expect(changed.scopes == ["r"])
        #expect(throws: TokenError.scopeMissing) { try verify(token(base + #","scope":"a""#), scopes: ["a", "b"]) }
        #expect(throws: Never.self) { try verify(token(base + #","scp":["b","a"]"#), scopes: ["a", "b"]) }
    }

    @Test(
        "required claims: all of them",
        arguments: [
            (#""roles":["admin"],"level":3"#, true), (#""roles":["x","admin"],"level":3.0"#, true),
            (#""roles":["admin"],"level":4"#, false), (#""roles":["Admin"],"level":3"#, false),
            (#""roles":"admin","level":3"#, false), (#""level":3"#, false), (#""roles":["admin"]"#, false),
            (#""roles":["admin"],"level":"3""#, false),
        ])
    func requiredClaims(claims: String, holds: Bool) throws {
        let text = token(Self.claims + "," + claims)
        let change: (inout JWTRules) -> Void = {
            $0.requiredClaims = [
                RequiredClaim(ClaimPointer(["roles"]), .contains(.string("admin"))),
                RequiredClaim(ClaimPointer(["level"]), .equals(.integer(3))),
            ]
        }
        if holds {
            _ = try verify(text, with: change)
        } else {
            #expect(throws: TokenError.claimMismatch) { try verify(text, with: change) }
        }
    }

    @Test("what the store has revoked, and a store that cannot be read")
    func revocations() throws {
        let named = token(Self.claims + #","jti":"t1","iat":1400"#)
        let older = try verify(named)
        authority.add([.id("t1", expiresAt: 2000)])
        #expect(throws: TokenError.revoked) { try verify(named) }
        #expect(issuers().isRevoked(older))
        #expect(throws: Never.self) { try verify(token()) }
        authority.add([.subject("alice", issuedUntil: 1)])
        // Without `iat` it counts as issued before anything was revoked.
        #expect(throws: TokenError.revoked) { try verify(token()) }
        #expect(throws: Never.self) { try verify(token(Self.claims + #","iat":1400"#)) }
        #expect(throws: TokenError.revoked) { try verify(token(Self.claims + #","iat":\#(Int64.min)"#)) }
        authority.markUnavailable(true)
        #expect(throws: TokenError.storeUnavailable) { try verify(token(Self.claims + #","iat":1400"#)) }
    }

    @Test("what an issuer whose clock is ahead may have issued before a revocation is revoked by it")
    func revocationAndSkew() throws {
        let ahead = try verify(token(Self.claims + #","iat":1510"#))
        authority.add([.all(issuedUntil: 1480)])
        #expect(issuers().isRevoked(ahead))
        #expect(throws: TokenError.revoked) { try verify(token(Self.claims + #","iat":1510"#)) }
        #expect(throws: Never.self) { try verify(token(Self.claims + #","iat":1511"#)) }
        #expect(Revocation.all(issuedUntil: 1480).covers(ahead.revocableClaims, keyID: ahead.keyID))
        #expect(ahead.claims.issuedAt == 1510)
    }

    @Test("a key that goes takes its tokens along, and one that stays does not")
    func keysGone() throws {
        _ = keys.replace([issuerKey("k1"), issuerKey("k2", secret: "t"), issuerKey("k3", secret: "u")])
        let first = try verify(token())
        let second = try verify(token(header: #"{"alg":"ES256","kid":"k2"}"#, secret: "t"))
        // The third one has the old name and is another key.
        #expect(
            keys.replace([issuerKey("k1"), issuerKey("k3", secret: "v")]).sorted() == ["corporate/k2", "corporate/k3"])
        #expect(!issuers().isRevoked(first))
        #expect(issuers().isRevoked(second))
    }

    @Test("without keys nothing is admitted, and that is told apart")
    func noKeys() {
        let rules = JWTRules(issuer: "https://id.example.com/", audiences: ["chat"], algorithms: [.es256])
        let issuers = TokenIssuers(authority, foreign: [JWTIssuer(name: "corporate", rules: rules, keys: TokenKeys())])
        #expect(throws: TokenError.keysUnavailable) {
            try issuers.verify(token(), issuers: ["corporate"], audience: nil, scopes: [], now: 1500)
        }
    }

    @Test("keys are looked for where only the key is missing, and for nothing that would be refused all the same")
    func learning() {
        let names = ["local", "corporate"]
        let unknown = #"{"alg":"ES256","kid":"k9"}"#
        let issuers = issuers()
        #expect(issuers.keyRefresh(for: token(header: unknown), issuers: names, now: 1500) === source.refresh)
        #expect(source.asked.withLock { $0 } == 1)
        let hopeless = [
            token(header: #"{"alg":"HS256","kid":"k9"}"#), token(#""sub":"a","aud":"x","exp":2000"#, header: unknown),
            token(#""sub":"a","aud":"chat","exp":1000"#, header: unknown), token(issuer: "else", header: unknown),
            token(#""aud":"chat","exp":2000"#, header: unknown), "a.b.c",
        ]
        for token in hopeless { #expect(issuers.keyRefresh(for: token, issuers: names, now: 1500) == nil) }
        #expect(issuers.keyRefresh(for: token(header: unknown), issuers: ["local"], now: 1500) == nil)
        #expect(source.asked.withLock { $0 } == 1)
    }
}
