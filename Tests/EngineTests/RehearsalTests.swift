import Middleware
import PolicyModel
import Testing
import Tokens

@testable import Engine

/// A policy with one listener and these routes.
func rehearsed(
    _ routes: [RoutePolicy], admission: [MiddlewareEntry] = [], trusted: [String] = [],
    certificates: TLSPolicy.ClientCertificates? = nil
) throws -> Policy {
    let listener = ListenerPolicy(
        name: "public", address: try #require(SocketAddress("127.0.0.1:0")),
        tls: TLSPolicy(certificates: [], clientCertificates: certificates),
        trustedProxies: CIDRSet(try trusted.map { try CIDR($0) }), admission: admission, position: place(1))
    let upstream = UpstreamPolicy(name: "u", endpoints: [.init(host: "127.0.0.1", port: 9001, basePath: "/base")])
    return Policy(
        listeners: [listener], upstreams: [upstream],
        tokenIssuers: [TokenIssuerPolicy(name: "local", kind: .builtin, position: place(3))], routes: routes)
}

func place(_ line: Int) -> SourcePosition { SourcePosition(file: "p.yaml", line: line, column: 1) }

/// A route at `/chat` with these entries, on lines 11, 12, ….
func chatRoute(
    _ entries: [(MiddlewareSettings, EnforcementMode)] = [], rules: [MessageRule] = [], rates: [RouteRate] = []
) -> RoutePolicy {
    RoutePolicy(
        name: "chat", match: RouteMatch(path: .exact("/chat")), upstream: "u",
        middleware: entries.enumerated().map {
            MiddlewareEntry(settings: $1.0, mode: $1.1, position: place(11 + $0))
        }, rates: rates, messages: rules, position: place(10))
}

private let token = MiddlewareSettings.token(TokenSettings(issuers: ["local"], audience: "chat"))

private let chat = MadeUpHandshake(host: "chat.example.com", target: "/chat", time: Fixtures.noon)

@Suite struct RehearsalTests {
    @Test("admitted: steps, identity, what goes upstream, what comes back")
    func admitted() throws {
        let edits = HeadersSettings(
            request: .init(remove: ["Cookie"], set: [("X-Subject", try Template(parsing: "${token.subject}"))]),
            response: .init(set: [("X-Frame", try Template(parsing: "deny"))]))
        let rehearsal = try Rehearsal(try rehearsed([chatRoute([(token, .enforce), (.headers(edits), .enforce)])]))
        var made = chat
        made.credential = .claims(MadeUpClaims(subject: "alice", audience: ["chat"], id: "t-1"))
        made.headers = [("Cookie", "a=b"), ("X_Subject", "root")]
        let handshake = try rehearsal.handshake(made)
        guard case .admitted = handshake.decision else { throw Fixtures.Unexpected(what: "\(handshake.decision)") }
        #expect(
            handshake.steps.map { "\($0.stage) \($0.name) \($0.position?.line ?? 0)" } == [
                "request request_head 0", "route route 10", "request handshake 0", "chain token 11", "chain headers 12",
            ])
        #expect(handshake.touched.map(\.line) == [1, 10, 10, 11, 12])
        #expect(handshake.identity?.subject == "alice" && handshake.identity?.id == "t-1")
        #expect(handshake.identity?.issuer == "local" && handshake.identity?.claims["aud"] == .string("chat"))
        let upstream = try #require(handshake.upstream)
        #expect(upstream.target == "/base/chat" && upstream.endpoint == "ws://127.0.0.1:9001/base")
        let names = upstream.headers.map(\.name)
        #expect(names.contains("X-Subject") && !names.contains("X_Subject") && !names.contains("Cookie"))
        #expect(upstream.headers.contains { $0 == ("X-Forwarded-For", "192.0.2.1") })
        #expect(handshake.responseHeaders.contains { $0 == ("X-Frame", "deny") })
        let connection = try #require(handshake.connection)
        #expect(connection.ending == nil && !handshake.isGreeted)
    }

    @Test("refused: the answer as it is sent, and by what")
    func refused() throws {
        let rehearsal = try Rehearsal(try rehearsed([chatRoute([(token, .enforce)])]))
        let handshake = try rehearsal.handshake(chat)
        guard case .refused(let refusal) = handshake.decision, let answer = refusal.answer else {
            throw Fixtures.Unexpected(what: "\(handshake.decision)")
        }
        #expect(refusal.reason == "token-missing" && refusal.closeCode == nil && answer.status == 401)
        #expect(answer.headers.contains { $0 == ("WWW-Authenticate", #"Bearer realm="portcullis""#) })
        #expect(answer.headers.contains { $0 == ("Connection", "close") })
        #expect(answer.body.hasPrefix(#"{"error":"token-missing","#))
        #expect(handshake.refusingStep?.position == place(11) && handshake.connection == nil)
        #expect(handshake.upstream == nil && handshake.responseHeaders.isEmpty)
    }

    @Test("steps in shadow mode tell what they would have done")
    func shadow() throws {
        let filter = MiddlewareSettings.ipFilter(IPFilterSettings(deny: CIDRSet([try CIDR("192.0.2.0/24")])))
        let rehearsal = try Rehearsal(
            try rehearsed(
                [chatRoute([(filter, .shadow), (token, .shadow)])],
                admission: [MiddlewareEntry(settings: filter, mode: .shadow, position: place(5))]))
        let handshake = try rehearsal.handshake(chat)
        #expect(handshake.connection != nil && handshake.refusingStep == nil)
        #expect(
            handshake.shadowRefusals.map { "\($0.middleware) \($0.position?.line ?? 0) \($0.reason)" } == [
                "ip_filter 5 ip-denied", "ip_filter 11 ip-denied", "token 12 token-missing",
            ])
        #expect(
            handshake.steps.filter(\.isShadow).map(\.decision) == [
                .refused("ip-denied"), .refused("ip-denied"), .refused("token-missing"),
            ])
        #expect(handshake.steps[0].notes == ["192.0.2.1 is in 192.0.2.0/24, which is denied"])
    }

    @Test("a limit counts those that live, until they are let go")
    func leases() throws {
        let limit = MiddlewareSettings.connectionLimit(ConnectionLimitSettings(maximum: 1))
        let rehearsal = try Rehearsal(
            try rehearsed(
                [chatRoute([(limit, .enforce)])], admission: [MiddlewareEntry(settings: limit, position: place(5))]))
        var live: RehearsedHandshake? = try rehearsal.handshake(chat)
        #expect(live?.connection != nil)
        let second = try rehearsal.handshake(chat)
        guard case .refused(let refusal) = second.decision else {
            throw Fixtures.Unexpected(what: "\(second.decision)")
        }
        #expect(refusal.reason == "connection-limit-exceeded" && refusal.answer == nil)
        live = nil
        #expect(try rehearsal.handshake(chat).connection != nil)
    }

    @Test("a rate counts by the clock that is given")
    func rates() throws {
        let settings = ConnectionRateSettings(rate: Rate(count: 1, period: .seconds(1)), burst: 1)
        let rehearsal = try Rehearsal(try rehearsed([chatRoute([(.connectionRate(settings), .enforce)])]))
        var later = chat
        later.monotonic = 1_000_000_000
        #expect(try rehearsal.handshake(chat).connection != nil)
        #expect(try rehearsal.handshake(chat).connection == nil)
        #expect(try rehearsal.handshake(later).connection != nil)
    }

    @Test(
        "whom it is from",
        arguments: [("192.0.2.1", "203.0.113.9"), ("198.51.100.1", "198.51.100.1")])
    func proxies(_ peer: String, _ client: String) throws {
        let rehearsal = try Rehearsal(try rehearsed([chatRoute()], trusted: ["192.0.2.0/24"]))
        var made = chat
        made.peer = try #require(IPAddress(peer))
        made.headers = [("X-Forwarded-For", "203.0.113.9")]
        let handshake = try rehearsal.handshake(made)
        #expect(handshake.clientAddress.description == client)
        let notes = handshake.steps.first { $0.name == "request_head" }?.notes ?? []
        #expect(notes.count == 1 && notes[0].contains(peer))
    }

    @Test("a client certificate counts only where the listener asks for one")
    func certificates() throws {
        let seen = HeadersSettings(
            request: .init(set: [("X-Certificate", try Template(parsing: "${client.certificate}"))]))
        func value(_ demand: TLSPolicy.ClientCertificates?) throws -> String? {
            let rehearsal = try Rehearsal(
                try rehearsed([chatRoute([(.headers(seen), .enforce)])], certificates: demand))
            var made = chat
            made.clientCertificate = "CN=alice"
            return try rehearsal.handshake(made).upstream?.headers.first { $0.name == "X-Certificate" }?.value
        }
        #expect(try value(nil) == "")
        #expect(try value(.init(authority: "ca.pem", mode: .request)) == "CN=alice")
    }

    @Test("a service answers by what was made up for it")
    func authorization() throws {
        var settings = AuthorizeSettings(url: "http://127.0.0.1:1/a")
        settings.subjectHeader = "X-User"
        let rehearsal = try Rehearsal(try rehearsed([chatRoute([(.authorize(settings), .enforce)])]))
        var made = chat
        made.authorization = [
            MadeUpAuthorization(url: "http://127.0.0.1:1/other", status: 403),
            MadeUpAuthorization(url: "http://127.0.0.1:1/a", status: 200, headers: [("X-User", "bob")]),
        ]
        let handshake = try rehearsal.handshake(made)
        #expect(handshake.identity?.subject == "bob" && handshake.identity?.id == nil)
        #expect(handshake.steps.count { $0.name == "authorize" } == 1)
        #expect(handshake.steps.last?.notes.contains("it answers with status 200") == true)
    }

    @Test("what the policy has not")
    func errors() throws {
        let rehearsal = try Rehearsal(try rehearsed([chatRoute([(token, .enforce)])]))
        var made = chat
        made.listener = "other"
        #expect(throws: RehearsalError(description: "there is no listener 'other', but 'public'")) {
            try rehearsal.handshake(made)
        }
        made = chat
        made.credential = .claims(MadeUpClaims(issuer: "other"))
        #expect(throws: RehearsalError(description: "there is no token issuer 'other', but 'local'")) {
            try rehearsal.handshake(made)
        }
        made.credential = .claims(MadeUpClaims(other: ["x": .string(String(repeating: "x", count: 8192))]))
        #expect(throws: RehearsalError.self) { try rehearsal.handshake(made) }
    }

    @Test("nothing that is told holds a token, or a part of one")
    func secrets() throws {
        let rehearsal = try Rehearsal(try rehearsed([chatRoute([(token, .enforce)])]))
        for claims in [MadeUpClaims(audience: ["chat"]), MadeUpClaims(audience: ["news"]), MadeUpClaims(expiresIn: -1)]
        {
            let text = try rehearsal.token(claims, time: Fixtures.noon)
            var made = chat
            made.credential = .token(text)
            let handshake = try rehearsal.handshake(made)
            let told = "\(handshake.steps) \(handshake.decision) \(String(describing: handshake.identity))"
            for part in text.split(separator: ".") { #expect(!told.contains(part)) }
        }
    }
}
