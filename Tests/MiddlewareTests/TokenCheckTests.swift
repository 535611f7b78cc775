import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Middleware

private let everywhere: [TokenSettings.Carrier] = [
    .header("Authorization"), .header("X-Token"), .subprotocol(prefix: "bearer."), .cookie("session"),
    .query("access_token"),
]

private func tokenChain(_ carriers: [TokenSettings.Carrier] = everywhere, tokens: TokenAuthority = ToyKey.authority)
    -> MiddlewareChain
{
    chain(
        .token(TokenSettings(issuers: ["local"], carriers: carriers, audience: "chat", scopes: ["chat.read"])),
        tokens: tokens)
}

@Suite struct TokenCheckTests {
    @Test(
        "each carrier",
        arguments: [
            ("/chat", "Authorization", "Bearer TOKEN"), ("/chat", "authorization", "bEARER   TOKEN"),
            ("/chat", "X-Token", "TOKEN"), ("/chat", "Sec-WebSocket-Protocol", "chat, bearer.TOKEN"),
            ("/chat", "Cookie", "a=b; session=TOKEN; session=other"), ("/chat", "Cookie", "session=\"TOKEN\""),
            ("/chat?access_token=TOKEN", "X-Nothing", ""),
        ])
    func carriers(_ target: String, _ name: String, _ value: String) throws {
        let token = try ToyKey.token()
        let context = try context(
            target.replacing("TOKEN", with: token), [(name, value.replacing("TOKEN", with: token))])
        let admitted = try #require(tokenChain().admit(context).admitted)
        #expect(admitted.identity?.subject == "alice")
        #expect(admitted.identity?.id == "t-1")
    }

    @Test(
        "nothing is carried",
        arguments: [
            ("/chat", "X-Nothing", ""), ("/chat", "Authorization", "Basic dGVzdA=="),
            ("/chat", "Authorization", "Bearer "),
            ("/chat", "Authorization", "Bearer"), ("/chat", "Cookie", "Session=x; sessions=y; session"),
            ("/chat", "Cookie", "session="), ("/chat", "Sec-WebSocket-Protocol", "chat, Bearer.x"),
            ("/chat?Access_token=x&access_token=", "X-Nothing", ""),
        ])
    func missing(_ target: String, _ name: String, _ value: String) throws {
        #expect(tokenChain().admit(try context(target, [(name, value)])).reason == .tokenMissing)
    }

    @Test("the first carrier in the policy's order counts")
    func order() throws {
        let good = try ToyKey.token()
        let fields = [("Authorization", "Bearer bad"), ("Cookie", "session=\(good)")]
        #expect(tokenChain().admit(try context("/chat", fields)).reason == .tokenMalformed)
        let cookieFirst = tokenChain([.cookie("session"), .header("Authorization")])
        #expect(cookieFirst.admit(try context("/chat", fields)).reason == nil)
    }

    @Test("a header that stands twice is none that two servers would read alike")
    func twice() throws {
        let good = try ToyKey.token()
        let fields = [("Authorization", "Bearer \(good)"), ("Authorization", "Bearer \(good)")]
        #expect(tokenChain().admit(try context("/chat", fields)).reason == .tokenMalformed)
    }

    @Test("H36 query and subprotocols are clean of tokens, whatever carrier won and whatever came of it")
    func stripped() throws {
        let good = try ToyKey.token()
        let target = "/chat?a=1&access_token=\(good)&b=2&access%5Ftoken=other"
        for authorization in ["Bearer \(good)", "Bearer bad"] {
            let outcome = tokenChain().admit(
                try context(
                    target,
                    [
                        ("Authorization", authorization),
                        ("Sec-WebSocket-Protocol", "bearer.\(good), chat, bearer.second"),
                    ]))
            let request = try #require(outcome.admitted?.request ?? outcome.refused?.1.request)
            #expect(request.target.description == "/chat?a=1&b=2")
            #expect(request.subprotocols == ["chat"])
        }
    }

    @Test("H36 the token as the only item or the only subprotocol leaves nothing behind")
    func alone() throws {
        let good = try ToyKey.token()
        let query = try #require(tokenChain().admit(try context("/chat?access_token=\(good)")).admitted)
        #expect(query.request.target.description == "/chat")
        let offer = try context("/chat", [("Sec-WebSocket-Protocol", "bearer.\(good)")])
        let subprotocol = try #require(tokenChain().admit(offer).admitted)
        #expect(subprotocol.request.subprotocols.isEmpty)
        #expect(!subprotocol.upstreamHeaders.contains("Sec-WebSocket-Protocol"))
    }

    @Test("each error of the authority is one reason", arguments: TokenError.allCases)
    func reasons(_ error: TokenError) {
        let name = RefusalReason(error).rawValue
        #expect(name.hasPrefix("token-"))
        #expect(Set(TokenError.allCases.map { RefusalReason($0) }).count == TokenError.allCases.count)
    }

    @Test("a token that does not hold is refused for what is wrong with it")
    func refusals() throws {
        func reason(_ token: String, tokens: TokenAuthority = ToyKey.authority) throws -> RefusalReason? {
            tokenChain(tokens: tokens).admit(try context("/chat", [("X-Token", token)])).reason
        }
        #expect(try reason(ToyKey.token()) == nil)
        #expect(try reason("x") == .tokenMalformed)
        #expect(try reason(String(ToyKey.token().dropLast(6)) + "AAAAAA") == .tokenSignatureInvalid)
        #expect(try reason(ToyKey.token(), tokens: TokenAuthority()) == .tokenUnknownKey)
        #expect(try reason(ToyKey.token(issuer: "other")) == .tokenIssuerUnknown)
        #expect(try reason(ToyKey.token(expiresAt: noon)) == .tokenExpired)
        #expect(try reason(ToyKey.token(notBefore: noon + 1)) == .tokenNotYetValid)
        #expect(try reason(ToyKey.token(audience: "news")) == .tokenAudienceMismatch)
        #expect(try reason(ToyKey.token(scopes: ["other"])) == .tokenScopeMissing)
        let revoked = ToyKey.authority
        revoked.add([.id("t-1", expiresAt: noon + 60)])
        #expect(try reason(ToyKey.token(), tokens: revoked) == .tokenRevoked)
    }

    @Test("H38 the store is unreadable: refused with 503")
    func unavailable() throws {
        let authority = ToyKey.authority
        authority.markUnavailable(true)
        let outcome = tokenChain(tokens: authority).admit(try context("/chat", [("X-Token", try ToyKey.token())]))
        #expect(outcome.reason == .tokenStoreUnavailable)
        #expect(outcome.refused?.0.status == 503)
    }
}
