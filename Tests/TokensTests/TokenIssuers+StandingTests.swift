import Testing

@testable import Tokens

private func example(_ keyID: String, _ point: String) -> JWK? {
    let x = Base64URL.encode(Array((point + String(repeating: ".", count: 32)).utf8.prefix(32)))
    return JWK(
        .object([
            "kty": .string("EC"), "crv": .string("P-256"), "x": .string(x), "y": .string(x), "kid": .string(keyID),
        ]))
}

private func keys(_ points: [String: String], _ algorithms: [SignatureAlgorithm] = [.es256]) throws -> TokenKeys {
    let keys = TokenKeys()
    _ = keys.replace(
        try points.map { keyID, point in
            let jwk = try #require(example(keyID, point))
            let id = "corporate/\(keyID)"
            return IssuerKey(
                id: id, jwk: jwk,
                verifiers: algorithms.map {
                    VerificationKey(id: id, algorithm: $0, verifier: FakeKey(), mark: jwk.hashValue)
                })
        })
    return keys
}

@Suite struct TokenIssuersStandingTests {
    private let authority = TokenAuthority()

    init() { authority.replaceKeys([FakeKey().verificationKey]) }

    private static let rules = JWTRules(issuer: "https://id/", audiences: ["chat"], algorithms: [.es256])

    private func issuers(
        _ keys: TokenKeys?, named name: String = "corporate", _ change: (inout JWTRules) -> Void = { _ in }
    ) -> TokenIssuers {
        var rules = Self.rules
        change(&rules)
        return TokenIssuers(
            authority, foreign: keys.map { [JWTIssuer(name: name, rules: rules, keys: $0)] } ?? [])
    }

    private func foreign(_ keys: TokenKeys, _ payload: String = "") throws -> VerifiedToken {
        let token = FakeKey().token(
            header: #"{"alg":"ES256","kid":"k1"}"#,
            payload:
                #"{"iss":"https://id/","sub":"alice","aud":["chat"],"exp":2000,"iat":1000,"scope":"a b"\#(payload)}"#)
        return try issuers(keys).verify(token, issuers: ["corporate"], audience: nil, scopes: [], now: 1500)
    }

    private func error(
        _ issuers: TokenIssuers, _ token: VerifiedToken, names: [String] = ["corporate"], audience: String? = nil,
        scopes: [String] = []
    ) -> TokenError? {
        do throws(TokenError) {
            _ = try issuers.standing(of: token, issuers: names, audience: audience, scopes: scopes, now: 1500)
            return nil
        } catch {
            return error
        }
    }

    @Test("a token of another issuer stands as long as all that it was verified by does")
    func standing() throws {
        let same = try keys(["k1": "one"])
        let token = try foreign(same)
        #expect(error(issuers(same), token) == nil)
        #expect(error(issuers(same), token, audience: "chat", scopes: ["a", "b"]) == nil)
        #expect(error(issuers(same), token, names: ["local"]) == .issuerUnknown)
        #expect(error(issuers(nil), token) == .issuerUnknown)
        #expect(error(issuers(same, named: "other"), token, names: ["other"]) == .issuerUnknown)
        #expect(error(issuers(same) { $0.issuer = "https://other/" }, token) == .issuerUnknown)
        #expect(error(issuers(same) { $0.audiences = ["feed"] }, token) == .audienceMismatch)
        #expect(error(issuers(same), token, audience: "feed") == .audienceMismatch)
        #expect(error(issuers(same), token, scopes: ["c"]) == .scopeMissing)
        let required = RequiredClaim(ClaimPointer(["role"]), .equals(.string("admin")))
        #expect(error(issuers(same) { $0.requiredClaims = [required] }, token) == .claimMismatch)
        #expect(error(issuers(same) { $0.requiredClaims = [required] }, try foreign(same, #","role":"admin""#)) == nil)
    }

    @Test("by the key and the algorithm that it was verified with, and with its scopes where they stood")
    func reading() throws {
        let same = try keys(["k1": "one"])
        let token = try foreign(same)
        #expect(error(issuers(try keys(["k1": "one", "k2": "two"])), token) == nil)
        // Another key of that name.
        #expect(error(issuers(try keys(["k1": "two"])), token) == .unknownKey)
        // A key that has left its set is as good as revoked.
        #expect(error(issuers(try keys(["k2": "one"])), token) == .revoked)
        #expect(error(issuers(TokenKeys()), token) == .revoked)
        #expect(error(issuers(try keys(["k1": "one"], [.edDSA])) { $0.algorithms = [.edDSA] }, token) == .unknownKey)
        #expect(error(issuers(same) { $0.algorithms = [.edDSA] }, token) == .unknownKey)
        #expect(error(issuers(same) { $0.scopes = ClaimPointer(["roles"]) }, token) == .unknownKey)
    }

    @Test("lists of one in a token, of which is not kept that they were lists, still fit a required claim")
    func lists() throws {
        let same = try keys(["k1": "one"])
        let token = try foreign(same)
        let list = RequiredClaim(ClaimPointer(["aud"]), .contains(.string("chat")))
        #expect(error(issuers(same) { $0.requiredClaims = [list] }, token) == nil)
    }

    @Test("its end follows the clock skew that is allowed now; revoked, it does not stand, and no store ends it")
    func times() throws {
        let same = try keys(["k1": "one"])
        let token = try foreign(same)
        let again = try issuers(same) { $0.clockSkew = 5 }.standing(
            of: token, issuers: ["corporate"], audience: nil, scopes: [], now: 1500)
        #expect((token.expiresAt, again.expiresAt) == (2030, 2005))
        authority.markUnavailable(true)
        #expect(error(issuers(same), token) == nil)
        authority.add([.subject("alice", issuedUntil: 1000)])
        #expect(error(issuers(same), token) == .revoked)
    }

    @Test("one of the builtin issuer stands where any builtin issuer is admitted, whatever it is called")
    func builtin() throws {
        let text = try JWS.encode(TokenClaims.example(audiences: ["chat"], scopes: ["a"]), signer: FakeKey())
        let token = try authority.verify(text, issuers: ["local"], audience: nil, scopes: [], now: 1500)
        let same = try keys(["k1": "one"])
        #expect(error(issuers(same), token, names: ["renamed"], audience: "chat", scopes: ["a"]) == nil)
        #expect(error(issuers(same), token) == .issuerUnknown)
        #expect(error(issuers(same), token, names: ["local"], audience: "feed") == .audienceMismatch)
        #expect(error(issuers(same), token, names: ["local"], scopes: ["b"]) == .scopeMissing)
        authority.add([.id("t1", expiresAt: 2000)])
        #expect(error(issuers(same), token, names: ["local"]) == .revoked)
    }
}
