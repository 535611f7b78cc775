import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Middleware

private let everywhere: [TokenSettings.Carrier] = [
    .authorization, .header("X-Token", scheme: nil), .header("X-Key", scheme: "Token"), .subprotocol(prefix: "bearer."),
    .cookie("session"),
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
            ("/chat", "Cookie", "a=b; session=TOKEN"), ("/chat", "X-Key", "token TOKEN"),
            ("/chat", "Cookie", "session=\"TOKEN\""),
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
            ("/chat", "Authorization", "Bearer"), ("/chat", "X-Key", "TOKEN"),
            ("/chat", "Cookie", "Session=x; sessions=y; session"),
            ("/chat", "Cookie", "session="), ("/chat", "Sec-WebSocket-Protocol", "chat, Bearer.x"),
            ("/chat?Access_token=x&access_token=", "X-Nothing", ""),
        ])
    func missing(_ target: String, _ name: String, _ value: String) throws {
        #expect(tokenChain().admit(try context(target, [(name, value)])).reason == .tokenMissing)
    }

    @Test(
        "several that differ are none that all servers would read alike",
        arguments: [
            [("Authorization", "Bearer TOKEN"), ("Cookie", "session=other")],
            [("Authorization", "Bearer TOKEN"), ("Authorization", "Basic dGVzdA==")],
            [("Authorization", "Bearer TOKEN"), ("X-Token", "other")],
            [("Cookie", "session=TOKEN; session=other")], [("Cookie", "session=TOKEN"), ("Cookie", "session=other")],
            [("Sec-WebSocket-Protocol", "bearer.TOKEN, bearer.other")],
        ])
    func ambiguous(_ fields: [(String, String)]) throws {
        let good = try ToyKey.token()
        let sent = fields.map { ($0.0, $0.1.replacing("TOKEN", with: good)) }
        #expect(tokenChain().admit(try context("/chat", sent)).reason == .tokenAmbiguous)
        let query = try context("/chat?access_token=other", [("X-Token", good)])
        #expect(tokenChain().admit(query).reason == .tokenAmbiguous)
        #expect(Refusal(.tokenAmbiguous).status == 400)
    }

    @Test("one token may come in several places")
    func same() throws {
        let good = try ToyKey.token()
        let fields = [
            ("Authorization", "Bearer \(good)"), ("Authorization", "Bearer \(good)"),
            ("Cookie", "session=\(good); session="), ("Sec-WebSocket-Protocol", "bearer.\(good), chat"),
        ]
        let admitted = tokenChain().admit(try context("/chat?access_token=\(good)", fields)).admitted
        #expect(admitted?.identity?.id == "t-1")
    }

    @Test(
        "a name that only looks the same carries nothing",
        arguments: [
            ("/chat?api%E2%84%AAey=TOKEN", "X-Nothing", ""), ("/chat", "Cookie", "\u{212A}=TOKEN"),
            ("/chat", "Cookie", "a=b\u{37E} K=TOKEN"), ("/chat", "Authorization", "To\u{212A}en TOKEN"),
        ])
    func lookalikes(_ target: String, _ name: String, _ value: String) throws {
        let good = try ToyKey.token()
        let chain = tokenChain([.query("apiKey"), .cookie("K"), .header("Authorization", scheme: "Token")])
        let context = try context(target.replacing("TOKEN", with: good), [(name, value.replacing("TOKEN", with: good))])
        #expect(chain.admit(context).reason == .tokenMissing)
    }

    @Test("too old: by its issue, whatever its expiry says")
    func maximumAge() throws {
        func outcome(_ age: Int64) throws -> ChainOutcome {
            var settings = TokenSettings(issuers: ["local"])
            settings.maximumAge = .seconds(age)
            settings.expiryGrace = .seconds(10)
            return chain(.token(settings), tokens: ToyKey.authority).admit(
                try context("/chat", [("Authorization", "Bearer \(try ToyKey.token())")]))
        }
        // Issued a minute before noon, good for a minute after it.
        #expect(try outcome(60).reason == .tokenTooOld)
        let young = try #require(try outcome(61).admitted?.identityTerm)
        #expect(young.end == noon + 1)
        #expect(young.reason == .tokenTooOld)
        let old = try #require(try outcome(3600).admitted?.identityTerm)
        #expect(old.end == noon + 70)
        #expect(old.reason == .tokenExpired)
    }

    @Test("an address whose tokens fail too often is locked out, whatever it brings; failures alone count")
    func lockout() throws {
        var settings = TokenSettings(issuers: ["local"])
        settings.failures = FailureSettings(rate: Rate(count: 2, period: .seconds(60)), block: .seconds(300))
        let chain = chain(.token(settings), tokens: ToyKey.authority)
        let good = try ToyKey.token()
        func ask(_ token: String?, from address: String = "192.0.2.1", at second: Int64) throws -> ChainOutcome {
            let fields = token.map { [("Authorization", "Bearer \($0)")] } ?? []
            return chain.admit(try context("/chat", fields, from: address, monotonic: second * 1_000_000_000))
        }
        for _ in 0..<5 {
            #expect(try ask(good, at: 0).admitted != nil)
            #expect(try ask(nil, at: 0).reason == .tokenMissing)
        }
        #expect(try ask("bad", at: 0).reason == .tokenMalformed)
        #expect(try ask(good, at: 0).admitted != nil)
        #expect(try ask("bad", at: 1).reason == .tokenMalformed)
        let locked = try #require(try ask(good, at: 2).refused?.0)
        #expect(locked.reason == .builtin(.tokenFailuresExceeded))
        #expect(locked.status == 429)
        #expect(locked.retryAfterSeconds == 299)
        #expect(try ask(good, from: "192.0.2.2", at: 2).admitted != nil)
        #expect(try ask(nil, at: 300).reason == .tokenFailuresExceeded)
        #expect(try ask(good, at: 301).admitted != nil)
        // What led to it is forgotten: it takes two again.
        #expect(try ask("bad", at: 302).reason == .tokenMalformed)
        #expect(try ask(good, at: 302).admitted != nil)
    }

    @Test("failures that were long ago are forgotten")
    func forgotten() throws {
        let failures = TokenFailures(
            FailureSettings(rate: Rate(count: 2, period: .seconds(60)), block: .seconds(300)), capacity: 8)
        for minute in 0..<10 {
            failures.count(.v4(1), now: Int64(minute) * 60_000_000_000)
            #expect(failures.remainingBlock(of: .v4(1), now: Int64(minute) * 60_000_000_000) == nil)
        }
    }

    @Test("H29 IPv6 clients fail by their network; 100,000 addresses that fail are not all remembered")
    func failuresAreBounded() throws {
        let failures = TokenFailures(
            FailureSettings(rate: Rate(count: 1, period: .seconds(60)), block: .seconds(300)), capacity: 1000)
        failures.count(.v6(UInt128(1) << 64 | 1), now: 0)
        #expect(failures.remainingBlock(of: .v6(UInt128(1) << 64 | 2), now: 0) != nil)
        #expect(failures.remainingBlock(of: .v6(UInt128(2) << 64 | 1), now: 0) == nil)
        for address in 0..<100_000 { failures.count(.v4(UInt32(address)), now: 0) }
        #expect(failures.count <= 1000)
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
