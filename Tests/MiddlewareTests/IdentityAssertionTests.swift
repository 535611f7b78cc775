import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Middleware

private func outcome(_ fields: [(String, String)] = [], signer: CurrentSigner) throws -> ChainOutcome {
    var environment = MiddlewareEnvironment(tokens: TokenIssuers(ToyKey.authority), signer: signer)
    var assertion = IdentityAssertionSettings(audience: "server")
    assertion.lifetime = .seconds(30)
    let settings: [MiddlewareSettings] = [.token(TokenSettings(issuers: ["local"])), .identityAssertion(assertion)]
    let chain = MiddlewareChain(
        entries: settings.map { MiddlewareEntry(settings: $0, position: position) }, name: "c",
        environment: &environment)
    return chain.admit(try context("/chat", [("Authorization", "Bearer \(try ToyKey.token())")] + fields))
}

@Suite struct IdentityAssertionTests {
    private let signer = CurrentSigner()

    init() {
        signer.replace(by: ToyKey())
    }

    @Test("it says who the client is, for whom, by whose token, and for how long")
    func claims() throws {
        let admitted = try #require(try outcome(signer: signer).admitted)
        let assertion = try JWS.decodeParts(try #require(admitted.upstreamHeaders.first("X-Portcullis-Assertion")))
        #expect(
            assertion.payload == [
                "iss": .string("portcullis-assertion"), "sub": .string("alice"), "aud": .string("server"),
                "iat": .integer(noon), "exp": .integer(noon + 30), "jti": .string("r-1"),
                "token_issuer": .string("portcullis"), "token_id": .string("t-1"), "scope": .string("chat.read"),
            ])
        #expect(assertion.header["kid"] == .string("toy"))
    }

    @Test("without a token it tells whom a service has named, and where nobody was named nothing")
    func named() throws {
        let environment = MiddlewareEnvironment(tokens: TokenIssuers(ToyKey.authority), signer: signer)
        let assertion = IdentityAssertion(IdentityAssertionSettings(audience: "server"), in: environment)
        var context = try context()
        guard case .pass = assertion.evaluate(&context) else { throw Refusal(.tokenMissing) }
        #expect(!context.upstreamHeaders.contains("X-Portcullis-Assertion"))
        context.authorizedSubject = "bob"
        guard case .pass = assertion.evaluate(&context) else { throw Refusal(.tokenMissing) }
        let told = try JWS.decodeParts(try #require(context.upstreamHeaders.first("X-Portcullis-Assertion"))).payload
        #expect(told["sub"] == .string("bob"))
        #expect(told["token_issuer"] == nil)
    }

    @Test("it is no token: nobody gets in with it")
    func noToken() throws {
        let admitted = try #require(try outcome(signer: signer).admitted)
        let assertion = try #require(admitted.upstreamHeaders.first("X-Portcullis-Assertion"))
        let again = chain(.token(TokenSettings(issuers: ["local"])), tokens: ToyKey.authority)
        #expect(again.admit(try context("/chat", [("Authorization", "Bearer \(assertion)")])).reason == .tokenMalformed)
    }

    @Test("H9 H10 what the client sent under that name, in any spelling, never arrives")
    func spoofed() throws {
        let fields = [("x_portcullis_assertion", "mine"), ("X-PORTCULLIS-ASSERTION", "mine too")]
        let headers = try #require(try outcome(fields, signer: signer).admitted).upstreamHeaders
        #expect(headers.values("X-Portcullis-Assertion").count == 1)
        #expect(!headers.contains("x_portcullis_assertion"))
        #expect(headers.first("X-Portcullis-Assertion") != "mine too")
    }

    @Test("without a key to sign with nobody passes")
    func noKey() throws {
        #expect(try outcome(signer: CurrentSigner()).reason == .tokenStoreUnavailable)
    }
}

extension JWS {
    /// The parts of any JWS, as a server behind the gateway would read them.
    fileprivate static func decodeParts(
        _ text: String
    ) throws -> (header: [String: ClaimValue], payload: [String: ClaimValue]) {
        let parts = try text.utf8.split(separator: UInt8(ascii: ".")).prefix(2).map { part in
            guard case .object(let object)? = JSON.decode(try #require(Base64URL.decode(part))) else {
                throw TokenError.malformed
            }
            return object
        }
        return (parts[0], parts[1])
    }
}
