import Locking
import PolicyModel
import Testing
import WebSocketProtocol

@testable import Middleware

/// Settings of an `authorize` with its url alone.
func authorizeSettings() -> AuthorizeSettings { AuthorizeSettings(url: "http://127.0.0.1:9100/check") }

/// Answers at once, always the same, and keeps what it was asked.
private final class FakeService: AuthorizationService {
    private let answer: AuthorizationAnswer?
    private let asked = Lock<[AuthorizationRequest]>([])
    private let digested = Lock<[[UInt8]]>([])

    init(_ status: Int?, _ fields: (String, String)...) {
        answer = status.map {
            AuthorizationAnswer(
                status: $0, headers: HeaderFields(fields.map { HeaderField(name: $0.0, value: $0.1) }))
        }
    }

    var requests: [AuthorizationRequest] { asked.withLock { $0 } }

    func ask(_ request: AuthorizationRequest, answered: @escaping @Sendable (AuthorizationAnswer?) -> Void) {
        asked.withLock { $0.append(request) }
        answered(answer)
    }

    /// Not one: the place of the bytes among those that it has seen.
    func digest(_ bytes: [UInt8]) -> [UInt8] {
        digested.withLock { digested in
            if !digested.contains(bytes) { digested.append(bytes) }
            return [UInt8(digested.firstIndex(of: bytes) ?? 0)]
        }
    }
}

private func chain(
    _ settings: AuthorizeSettings, _ service: (any AuthorizationService)?, mode: EnforcementMode = .enforce,
    after others: [MiddlewareSettings] = []
) -> MiddlewareChain {
    var environment = MiddlewareEnvironment(tokens: ToyKey.authority)
    environment.authorization = service
    let entries = others.map { MiddlewareEntry(settings: $0, position: position) }
    return MiddlewareChain(
        entries: entries + [MiddlewareEntry(settings: .authorize(settings), mode: mode, position: position)],
        name: "route chat", environment: &environment)
}

extension MiddlewareChain {
    /// Through the chain, asking where it has to wait, to an outcome that is final.
    fileprivate func settle(_ context: HandshakeContext) throws -> ChainOutcome {
        guard case .suspended(let handshake) = admit(context) else { return admit(context) }
        guard case .errand(let errand) = handshake.pending else { throw Refusal(.malformedRequest) }
        let answer = Lock<Conclusion?>(nil)
        errand.ask { conclusion in answer.withLock { $0 = conclusion } }
        let conclusion = try #require(answer.withLock { $0 })
        return handshake.resume(at: context.time, with: conclusion)
    }
}

@Suite struct AuthorizationCheckTests {
    @Test("the service sees the fields that are copied, and what is asked for; nothing else")
    func question() throws {
        var settings = authorizeSettings()
        settings.timeout = .seconds(2)
        settings.authority = "ca.pem"
        settings.copiedRequestHeaders = ["Cookie", "X-Tenant", "X-Hidden"]
        let service = FakeService(200)
        let fields = [
            ("cookie", "a=1"), ("Cookie", "b=2"), ("X_Tenant", "evil"), ("X-Tenant", "acme"), ("X-Other", "x"),
            ("Connection", "X-Hidden"), ("X-Hidden", "h"), ("X-Forwarded-For", "6.6.6.6"), ("X-Request-ID", "own"),
        ]
        let outcome = try chain(settings, service).settle(try context("/chat?room=1", fields))
        let request = try #require(service.requests.first)
        #expect(request.url == "http://127.0.0.1:9100/check" && request.timeout == .seconds(2))
        #expect(request.authority == "ca.pem")
        #expect(
            request.headers.fields.map { "\($0.name): \($0.value)" } == [
                "Cookie: a=1", "Cookie: b=2", "X-Tenant: acme", "X-Forwarded-For: 192.0.2.1",
                "X-Forwarded-Proto: https", "X-Forwarded-Host: chat.example.com", "X-Forwarded-Method: GET",
                "X-Forwarded-Uri: /chat?room=1", "X-Original-URL: https://chat.example.com/chat?room=1",
                "X-Request-ID: r-1",
            ])
        // What the service has not judged under that name, no upstream reads under it.
        let headers = try #require(outcome.admitted).upstreamHeaders
        #expect(headers.values("X_Tenant").isEmpty && headers.values("X-Tenant") == ["acme"])
    }

    @Test("a token in the query that has been taken out before is not shown")
    func strippedQuery() throws {
        let service = FakeService(200)
        let token = TokenSettings(issuers: ["local"], carriers: [.query("access_token")])
        let carried = try context("/chat?room=1&access_token=\(try ToyKey.token())")
        #expect(
            try chain(authorizeSettings(), service, after: [.token(token)]).settle(carried).admitted != nil)
        #expect(service.requests.first?.headers.first("X-Forwarded-Uri") == "/chat?room=1")
        #expect(
            service.requests.first?.headers.first("X-Original-URL") == "https://chat.example.com/chat?room=1")
    }

    @Test(
        "H9 H10 what the service says goes upstream, and nothing of the client's under those names",
        arguments: ["X-User", "x_user", "X_USER"])
    func spoofed(_ name: String) throws {
        var settings = authorizeSettings()
        settings.copiedResponseHeaders = ["X-User", "X-Roles"]
        settings.subjectHeader = "X-User"
        let fields = [(name, "root"), ("X_Roles", "admin"), ("Connection", "X-User")]
        let outcome = try chain(settings, FakeService(200, ("X-User", "alice"))).settle(try context("/chat", fields))
        let admitted = try #require(outcome.admitted)
        #expect(admitted.upstreamHeaders.fields.filter { $0.value == "root" || $0.value == "admin" }.isEmpty)
        #expect(admitted.upstreamHeaders.values("X-User") == ["alice"])
        #expect(!admitted.upstreamHeaders.contains("X-Roles"))
        #expect(admitted.authorizedSubject == "alice")
    }

    @Test(
        "its refusals", arguments: [(401, RefusalReason.authorizationRequired), (403, .authorizationDenied)])
    func refusals(_ status: Int, _ reason: RefusalReason) throws {
        #expect(try chain(authorizeSettings(), FakeService(status)).settle(try context()).reason == reason)
    }

    @Test("H38 without an answer, and without anybody to ask, nobody is admitted")
    func unavailable() throws {
        let silent = chain(authorizeSettings(), FakeService(nil))
        #expect(try silent.settle(try context()).reason == .authorizationUnavailable)
        #expect(chain(authorizeSettings(), nil).admit(try context()).reason == .authorizationUnavailable)
        guard case .suspended(let handshake) = silent.admit(try context()),
            case .errand(let errand) = handshake.pending
        else {
            Issue.record("it does not wait")
            return
        }
        #expect(errand.late == Refusal(.authorizationUnavailable))
        #expect(errand.patience > authorizeSettings().timeout)
    }

    @Test("shadow: asked, noted, and nothing changed")
    func shadow() throws {
        var settings = authorizeSettings()
        settings.copiedResponseHeaders = ["X-User"]
        settings.subjectHeader = "X-User"
        let denying = try chain(settings, FakeService(403), mode: .shadow).settle(try context("/", [("X-User", "me")]))
        #expect(
            denying.admitted?.shadowRefusals == [
                ShadowRefusal(middleware: "authorize", reason: .authorizationDenied)
            ])
        #expect(denying.admitted?.upstreamHeaders.values("X-User") == ["me"])
        let admitting = try chain(settings, FakeService(200, ("X-User", "alice")), mode: .shadow)
            .settle(try context("/", [("X-User", "me"), ("X_User", "you")]))
        #expect(admitting.admitted?.shadowRefusals == [])
        #expect(admitting.admitted?.upstreamHeaders.values("X-User") == ["me"])
        #expect(admitting.admitted?.upstreamHeaders.values("X_User") == ["you"])
        #expect(admitting.admitted?.authorizedSubject == nil)
    }

    private func cached(_ key: [String], lifetime: Duration = .seconds(30)) -> AuthorizeSettings {
        var settings = authorizeSettings()
        settings.copiedResponseHeaders = ["X-User"]
        settings.cache = AuthorizeSettings.Cache(lifetime: lifetime, key: key)
        return settings
    }

    @Test("an answer that admits is remembered for its time, counted from the question")
    func cacheHit() throws {
        let service = FakeService(200, ("X-User", "alice"))
        let chain = chain(cached(["Cookie"]), service)
        let second: Int64 = 1_000_000_000
        for (at, expected) in [(0, 1), (29 * second, 1), (30 * second, 2), (59 * second, 2)] {
            let admitted = try chain.settle(
                try context("/chat", [("Cookie", "a=1"), ("X-User", "root")], monotonic: at)
            ).admitted
            #expect(admitted?.upstreamHeaders.values("X-User") == ["alice"])
            #expect(service.requests.count == expected)
        }
    }

    @Test("an answer holds for nobody else")
    func cacheKey() throws {
        let service = FakeService(200)
        let chain = chain(cached(["Cookie", "Authorization"]), service)
        let handshakes = [
            try context("/chat?a", [("Cookie", "ab")]), try context("/chat?a", [("Cookie", "ac")]),
            try context("/chat?b", [("Cookie", "ab")]), try context("/other?a", [("Cookie", "ab")]),
            try context("/chat?a", [("Cookie", "ab")], from: "192.0.2.2"), try context("/chat?a"),
            try context("/chat?a", [("Cookie", "a"), ("Cookie", "b")]),
            try context("/chat?a", [("Authorization", "ab")]),
            try context("/chat?a", [("Cookie", "ab"), ("Authorization", "")]),
            try context("/chat?a", [("Cookie", "ab"), ("Connection", "Cookie")]),
        ]
        // The last one shows its cookie to nobody, as the sixth has none.
        for (index, handshake) in handshakes.enumerated() {
            #expect(try chain.settle(handshake).admitted != nil)
            #expect(service.requests.count == min(index + 1, handshakes.count - 1))
        }
        #expect(try chain.settle(handshakes[0]).admitted != nil)
        #expect(service.requests.count == handshakes.count - 1)
    }

    @Test("refusals and failures are not remembered", arguments: [401, 403, 500, nil])
    func onlyGrants(_ status: Int?) throws {
        let service = FakeService(status)
        let chain = chain(cached(["Cookie"]), service)
        for count in 1...3 {
            #expect(try chain.settle(try context("/chat", [("Cookie", "a=1")])).admitted == nil)
            #expect(service.requests.count == count)
        }
    }
}
