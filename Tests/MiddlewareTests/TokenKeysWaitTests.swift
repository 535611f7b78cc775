import Locking
import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Middleware

/// A source that is always looking.
private final class Looking: TokenKeySource {
    let refresh = KeyRefresh(patience: .seconds(2))

    func learn() -> KeyRefresh? { refresh }
}

@Suite struct TokenKeysWaitTests {
    private let keys = TokenKeys()
    private let source = Looking()

    /// A token of the toy key, called by an issuer and an algorithm of their own.
    private func token(_ issuer: String = "id") throws -> String {
        let header = Base64URL.encode(Array(#"{"alg":"ES256","kid":"k"}"#.utf8))
        let claims = #"{"iss":"\#(issuer)","sub":"alice","aud":"chat","exp":\#(noon + 60)}"#
        let input = header + "." + Base64URL.encode(Array(claims.utf8))
        return input + "." + Base64URL.encode(ToyKey().sign(Array(input.utf8)))
    }

    private func key() throws -> IssuerKey {
        let x = ClaimValue.string(Base64URL.encode([UInt8](repeating: 1, count: 32)))
        let members: [String: ClaimValue] = [
            "kty": .string("EC"), "crv": .string("P-256"), "x": x, "y": x, "kid": .string("k"),
        ]
        return IssuerKey(
            id: "corporate/k", jwk: try #require(JWK(.object(members))),
            verifiers: [VerificationKey(id: "corporate/k", algorithm: .es256, verifier: ToyKey())])
    }

    private func chain() -> MiddlewareChain {
        let rules = JWTRules(issuer: "id", audiences: ["chat"], algorithms: [.es256])
        let issuers = TokenIssuers(
            ToyKey.authority, foreign: [JWTIssuer(name: "corporate", rules: rules, keys: keys, source: source)])
        var environment = MiddlewareEnvironment(tokens: issuers)
        let settings = TokenSettings(issuers: ["corporate"])
        return MiddlewareChain(
            entries: [MiddlewareEntry(settings: .token(settings), position: position)], name: "route",
            environment: &environment)
    }

    /// What the chain makes of the token, and of what comes after the look for its key.
    private func outcome(_ token: String, after change: () throws -> Void) throws -> ChainOutcome {
        let outcome = chain().admit(try context("/chat", [("Authorization", "Bearer \(token)")]))
        guard case .suspended(let suspended) = outcome, case .errand(let errand) = suspended.pending else {
            return outcome
        }
        #expect(errand.patience == .seconds(3))
        let answer = Lock<Conclusion?>(nil)
        errand.ask { conclusion in answer.withLock { $0 = conclusion } }
        #expect(answer.withLock { $0 } == nil)
        try change()
        source.refresh.finish()
        let conclusion = try #require(answer.withLock { $0 })
        return suspended.resume(at: HandshakeTime(unixSeconds: noon, monotonic: 1), with: conclusion)
    }

    @Test("a handshake whose key is not known waits for it, and is judged again by what is there then")
    func learnt() throws {
        let admitted = try #require(try outcome(token()) { _ = keys.replace([try key()]) }.admitted)
        #expect(admitted.identity?.keyID == "corporate/k")
    }

    @Test("it waits once")
    func notLearnt() throws {
        #expect(try outcome(token()) {}.reason == .tokenKeysUnavailable)
    }

    @Test("a token of nobody here does not wait")
    func unknownIssuer() throws {
        let outcome = chain().admit(try context("/chat", [("Authorization", "Bearer \(try token("else"))")]))
        #expect(outcome.reason == .tokenIssuerUnknown)
    }
}
