import Foundation
import Middleware
import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Engine

private struct AuditRecord: Decodable {
    struct Pair: Decodable, Equatable { let fromClient, fromUpstream: Int64 }
    struct Shadow: Decodable, Equatable { let middleware, reason: String }
    struct Hit: Decodable, Equatable {
        let rule: String
        let count: Int64
        let mode: String
    }

    let time, event, requestId, listener, client, policyVersion: String
    let clientCertificate, host, path, origin, route, subject, tokenId: String?
    let reason, detail, upstream, closedBy, rule: String?
    let status, upstreamStatus, durationMs, closeCode: Int64?
    let bytes, messages: Pair?
    let shadow: [Shadow]?
    let rules: [Hit]?
}

extension AuditFacts {
    fileprivate func record() throws -> AuditRecord {
        let bytes = line(unixMilliseconds: 1_700_000_000_000)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(AuditRecord.self, from: Data(bytes))
    }

    fileprivate var text: String { String(decoding: line(unixMilliseconds: 0), as: UTF8.self) }
}

@Suite struct AuditFactsTests {
    private let shadowed = [
        MiddlewareEntry(
            settings: .ipFilter(IPFilterSettings(allow: CIDRSet([]))), mode: .shadow, position: Fixtures.position)
    ]

    private func facts() -> AuditFacts {
        AuditFacts(requestID: "r-1", listener: "public", policyVersion: "v1", client: .v4(0xcb00_7109))
    }

    @Test("whom an authorisation service names is the subject where no token does")
    func authorizedSubject() throws {
        var context = try Fixtures.context(Fixtures.head())
        context.authorizedSubject = "carol"
        var facts = facts()
        facts.note(context)
        #expect(try facts.record().subject == "carol")
        context.identity = try Fixtures.admitted().identity
        facts.note(context)
        #expect(try facts.record().subject == "alice")
    }

    @Test("dropped at the door: who and why, and no answer")
    func dropped() throws {
        var facts = facts()
        facts.note([ShadowRefusal(middleware: "connection_rate", reason: .connectionRateExceeded)])
        facts.drop(.ipDenied)
        let record = try facts.record()
        #expect(record.event == "refused" && record.reason == "ip-denied" && record.status == nil)
        #expect(record.time == "2023-11-14T22:13:20.000Z" && record.policyVersion == "v1")
        #expect(record.requestId == "r-1" && record.listener == "public" && record.client == "203.0.113.9")
        #expect(record.clientCertificate == nil && record.detail == nil && record.upstreamStatus == nil)
        #expect(record.host == nil && record.subject == nil && record.bytes == nil && record.closeCode == nil)
        #expect(record.shadow == [.init(middleware: "connection_rate", reason: "connection-rate-exceeded")])
    }

    @Test("what lies behind a reason, where something does")
    func details() throws {
        var dropped = facts()
        dropped.drop(.clientCertificateInvalid, detail: "certificate has expired")
        let record = try dropped.record()
        #expect(record.reason == "client-certificate-invalid" && record.detail == "certificate has expired")
        var refused = facts()
        refused.upstreamStatus = 404
        refused.refuse(Refusal(.upstreamRefused), now: 1, since: 0)
        #expect(try refused.record().upstreamStatus == 404)
    }

    @Test("H36 refused: the request without its query")
    func refused() throws {
        let token = try ToyKey.token(expiresAt: Fixtures.noon - 1)
        let head = try Fixtures.head(
            query: "room=1&access_token=\(token)",
            [("Origin", "https://app.example.com"), ("Cookie", "session=s3cret")])
        var facts = facts()
        facts.note(head, client: .v4(0xc000_0201))
        facts.route = "chat"
        guard case .refused(let refusal, let context) = try Fixtures.outcome(head, shadowed: shadowed) else {
            Issue.record("an expired token was admitted")
            return
        }
        facts.note(context)
        facts.refuse(refusal, now: 7_900_000, since: 1_000_000)
        let record = try facts.record()
        #expect(record.event == "refused" && record.reason == "token-expired" && record.status == 401)
        #expect(record.client == "192.0.2.1" && record.host == "chat.example.com" && record.path == "/chat")
        #expect(record.origin == "https://app.example.com" && record.route == "chat")
        #expect(record.durationMs == 6 && record.closedBy == nil)
        #expect(record.shadow == [.init(middleware: "ip_filter", reason: "ip-not-allowed")])
        for secret in [token, "access_token", "room=1", "s3cret"] { #expect(!facts.text.contains(secret)) }
    }

    @Test("a middleware's own reason stands where the gateway's do")
    func customReason() throws {
        let reason = try CustomReason("office-hours-closed", of: "office_hours", status: 403, message: "Closed.")
        var facts = facts()
        facts.note([ShadowRefusal(middleware: "office_hours", reason: .custom(reason))])
        facts.refuse(Refusal(reason), now: 1, since: 0)
        let record = try facts.record()
        #expect(record.reason == "office-hours-closed" && record.status == 403)
        #expect(record.shadow == [.init(middleware: "office_hours", reason: "office-hours-closed")])
    }

    @Test("H36 opened: who was admitted, by the token's id and never by the token")
    func opened() throws {
        let token = try ToyKey.token()
        let head = try Fixtures.head(query: "access_token=\(token)")
        var facts = facts()
        facts.note(head, client: .v4(0xc000_0201))
        facts.route = "chat"
        facts.note(try Fixtures.admitted(head, shadowed: shadowed))
        facts.clientCertificate = "CN=a\\,b"
        facts.upstream = "ws://127.0.0.1:9001"
        facts.open(now: 5_000_000, since: 0)
        let record = try facts.record()
        #expect(record.event == "opened" && record.status == 101 && record.reason == nil)
        #expect(record.subject == "alice" && record.tokenId == "t-1" && record.upstream == "ws://127.0.0.1:9001")
        #expect(record.clientCertificate == "CN=a\\,b")
        #expect(record.shadow?.count == 1 && record.durationMs == 5 && record.bytes == nil)
        for secret in [token, "access_token"] { #expect(!facts.text.contains(secret)) }
    }

    @Test("abandoned: the client went before its handshake was decided")
    func abandoned() throws {
        var facts = facts()
        facts.abandoned(now: 2_000_000, since: 0)
        let record = try facts.record()
        #expect(record.event == "refused" && record.reason == "client-lost" && record.status == nil)
        #expect(record.durationMs == 2)
    }

    @Test("message: the payload, cut at a whole character and marked, only in this line")
    func message() throws {
        var facts = facts()
        facts.note(try Fixtures.admitted())
        facts.open(now: 1, since: 0)
        let text = String(repeating: "é", count: 400) + String(repeating: "漢", count: 400)
        let line = facts.with(
            LoggedMessage(rule: "look", sender: .client, opcode: .text, payload: Array(text.utf8).span)
        ).line(unixMilliseconds: 0)
        let written = String(decoding: line, as: UTF8.self)
        let kept = String(repeating: "é", count: 400) + String(repeating: "漢", count: 74)
        #expect(
            written.contains(
                #""rule":"look","from":"client","opcode":"text","size":2000,"payload":"\#(kept)","payload_truncated":true}"#
            ))
        #expect(written.contains(#""event":"message""#) && !written.contains("duration_ms"))
        let binary = facts.with(
            LoggedMessage(rule: "look", sender: .upstream, opcode: .binary, payload: [0, 0xab, 7].span)
        ).line(unixMilliseconds: 0)
        #expect(
            String(decoding: binary, as: UTF8.self).contains(
                #""from":"upstream","opcode":"binary","size":3,"payload_hex":"00ab07"}"#))
        #expect(!String(decoding: facts.line(unixMilliseconds: 0), as: UTF8.self).contains("payload"))
    }

    @Test("closed: what passed, who closed it, and what the rules did")
    func closed() throws {
        let rules = [
            Fixtures.rule("no-x", from: .client, .text(.literal("x")), .drop),
            Fixtures.rule("no-y", from: .client, .text(.literal("y")), .drop, .shadow),
        ]
        let admitted = try Fixtures.admitted()
        let relayed = try RelayedSession(rules, now: 1_000_000_000)
        let (relay, worker) = (relayed.relay, relayed.host.worker)
        for text in ["secret x", "y", "secret x"] {
            let bytes = TestFrame.text(text).masked.bytes
            _ = relay.frames.pass(bytes.span, from: .client, isCut: false, worker: worker)
        }
        let answer = TestFrame.binary([1, 2, 3]).bytes
        _ = relay.frames.pass(answer.span, from: .upstream, isCut: false, worker: worker)
        #expect(
            relay.begin(
                Relay.Ending(closedBy: .gateway, code: 1008, reason: "message-denied", rule: "no-x"), now: 2_000_000_000
            ))
        var facts = facts()
        facts.note(admitted)
        facts.open(now: 1, since: 0)
        facts.close(relay, now: 3_500_000_000)
        let record = try facts.record()
        #expect(record.event == "closed" && record.status == nil && record.reason == "message-denied")
        #expect(record.durationMs == 2500 && record.closeCode == 1008 && record.closedBy == "gateway")
        #expect(record.rule == "no-x" && record.subject == "alice")
        #expect(record.bytes == .init(fromClient: 17, fromUpstream: 3))
        #expect(record.messages == .init(fromClient: 3, fromUpstream: 1))
        #expect(
            record.rules == [
                .init(rule: "no-x", count: 2, mode: "enforce"), .init(rule: "no-y", count: 1, mode: "shadow"),
            ])
        #expect(!facts.text.contains("secret"))
    }

    @Test("closed without a sign of an end: the gateway's own doing")
    func cutShort() throws {
        let relayed = try RelayedSession()
        var facts = facts()
        facts.close(relayed.relay, now: 1)
        let record = try facts.record()
        #expect(record.closeCode == 1006 && record.closedBy == "gateway" && record.reason == "draining")
    }
}
