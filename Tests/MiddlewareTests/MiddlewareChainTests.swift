import PolicyModel
import Testing
import WebSocketProtocol

@testable import Middleware

private let nobody = MiddlewareSettings.ipFilter(IPFilterSettings(allow: CIDRSet([])))
private let noOrigin = MiddlewareSettings.origin(OriginSettings(allow: []))

private func chain(_ entries: [(MiddlewareSettings, EnforcementMode)]) -> MiddlewareChain {
    var environment = MiddlewareEnvironment(tokens: ToyKey.authority)
    return MiddlewareChain(
        entries: entries.map { MiddlewareEntry(settings: $0.0, mode: $0.1, position: position) }, name: "route chat",
        environment: &environment)
}

@Suite struct MiddlewareChainTests {
    @Test("the policy's order is the order of execution; the first refusal ends it")
    func order() throws {
        #expect(chain([(nobody, .enforce), (noOrigin, .enforce)]).admit(try context()).reason == .ipNotAllowed)
        #expect(chain([(noOrigin, .enforce), (nobody, .enforce)]).admit(try context()).reason == .originMissing)
        #expect(chain([]).admit(try context()).reason == nil)
    }

    @Test("shadow: noted by name and reason, not enforced")
    func shadow() throws {
        let chain = chain([(nobody, .shadow), (noOrigin, .shadow)])
        let admitted = try #require(chain.admit(try context()).admitted)
        #expect(
            admitted.shadowRefusals == [
                ShadowRefusal(middleware: "ip_filter", reason: .ipNotAllowed),
                ShadowRefusal(middleware: "origin", reason: .originMissing),
            ])
    }

    @Test("shadow: what came before a refusal is in its context")
    func shadowThenRefused() throws {
        let refused = try #require(chain([(nobody, .shadow), (noOrigin, .enforce)]).admit(try context()).refused)
        #expect(refused.0.reason == .builtin(.originMissing))
        #expect(refused.1.shadowRefusals.map(\.middleware) == ["ip_filter"])
    }

    @Test("shadow: headers are not edited, tokens neither taken out nor believed")
    func shadowEdits() throws {
        let headers = HeadersSettings(
            request: .init(remove: ["Cookie"], set: [(name: "X-A", value: try Template(parsing: "policy"))]))
        let token = TokenSettings(issuers: ["local"], carriers: [.query("t")])
        let chain = chain([(.headers(headers), .shadow), (.token(token), .shadow)])
        let carried = try ToyKey.token()
        let admitted = try #require(
            chain.admit(try context("/chat?t=\(carried)", [("X-A", "client"), ("Cookie", "a=b")])).admitted)
        #expect(admitted.upstreamHeaders.first("X-A") == "client")
        #expect(admitted.upstreamHeaders.contains("Cookie"))
        #expect(admitted.identity == nil)
        #expect(admitted.request.target.query == "t=\(carried)")
        #expect(admitted.shadowRefusals.isEmpty)
    }

    @Test("shadow: a limit counts those that it would have let in")
    func shadowLimit() throws {
        let limit = MiddlewareSettings.connectionLimit(ConnectionLimitSettings(maximum: 1))
        let chain = chain([(limit, .shadow)])
        var first = chain.admit(try context()).admitted
        let second = try #require(chain.admit(try context()).admitted)
        #expect(first?.shadowRefusals.isEmpty == true)
        #expect(second.shadowRefusals.map(\.reason) == [.builtin(.connectionLimitExceeded)])
        first = nil
        #expect(chain.admit(try context()).admitted?.shadowRefusals.isEmpty == true)
    }

    @Test(
        "H10 beside the header that a token was read from, no other spelling of it goes on", arguments: [true, false])
    func otherSpellings(isEnforced: Bool) throws {
        let token = TokenSettings(issuers: ["local"], carriers: [.header("X-Token", scheme: nil)])
        let chain = chain([(.token(token), isEnforced ? .enforce : .shadow)])
        let good = try ToyKey.token()
        let admitted = try #require(
            chain.admit(try context("/chat", [("X-Token", good), ("X_Token", "evil"), ("x-TOKEN", good)])).admitted)
        #expect(admitted.upstreamHeaders.values("X_Token") == (isEnforced ? [] : ["evil"]))
        #expect(admitted.upstreamHeaders.values("X-Token") == [good, good])
    }

    @Test("what is admitted carries what the chain made of it")
    func admitted() throws {
        let admitted = try #require(chain([]).admit(try context("/chat?a=1")).admitted)
        #expect(admitted.request.target.description == "/chat?a=1")
        #expect(admitted.requestID == "r-1")
        #expect(admitted.clientAddress == IPAddress("192.0.2.1"))
    }
}
