import Middleware
import PolicyModel
import Testing
import WebSocketProtocol

@testable import Engine

@Suite struct CountsAuditTests {
    private let names = PolicyNames(PolicyNamesTests.policy(routes: ["chat"]))

    private func counts(_ facts: AuditFacts...) -> Counts {
        var counts = Counts()
        for facts in facts { counts.count(facts, names) }
        return counts
    }

    private func facts(_ route: String? = "chat") -> AuditFacts {
        var facts = AuditFacts(requestID: "r-1", listener: "public", policyVersion: "v1", client: .v4(1))
        facts.route = route
        return facts
    }

    @Test("a refusal by its reason, with the time it took; none for who was dropped at the door")
    func refusals() {
        var (refused, dropped) = (facts(), facts(nil))
        refused.refuse(Refusal(.tokenMissing), now: 7, since: 2)
        dropped.drop(.capacityExceeded)
        let counts = counts(refused, refused, dropped)
        #expect(counts[.refusals, "chat", "token-missing"] == 2 && counts[.refusals, "", "capacity-exceeded"] == 1)
        #expect(counts.histograms[Series(.handshakeSeconds, ["refused"])]?.sum == 10)
        #expect(counts[.auditRecords, "refused"] == 3 && counts.numbers.count == 3)
    }

    @Test("what shadow mode would have refused, once, however often the connection is told of")
    func shadow() throws {
        var facts = facts()
        facts.note([
            ShadowRefusal(middleware: "ip_filter", reason: .ipDenied),
            ShadowRefusal(middleware: "origin", reason: .originDenied),
        ])
        facts.open(now: 1, since: 0)
        let opened = facts
        let logged = facts.with(LoggedMessage(rule: "look", sender: .client, opcode: .text, payload: [UInt8]().span))
        facts.close(try RelayedSession().relay, now: 1)
        let counts = counts(opened, logged, facts)
        #expect(counts[.shadowRefusals, "chat", "ip_filter", "ip-denied"] == 1)
        #expect(counts[.shadowRefusals, "chat", "origin", "origin-denied"] == 1)
        #expect(counts[.auditRecords, "opened"] == 1 && counts[.auditRecords, "message"] == 1)
        #expect(counts[.auditRecords, "closed"] == 1 && counts[.connectionsOpened, "chat"] == 1)
    }

    @Test(
        "close codes by number where a standard knows them, all others are one",
        arguments: [
            (1000, "1000"), (1005, "1005"), (1006, "1006"), (1015, "1015"), (1004, "other"), (999, "other"),
            (1016, "other"), (3000, "other"), (4999, "other"), (0, "other"), (65535, "other"),
        ] as [(UInt16, String)])
    func codes(_ code: UInt16, _ label: String) throws {
        let relayed = try RelayedSession()
        let ending = Relay.Ending(closedBy: .upstream, code: code, reason: "upstream-closed")
        #expect(relayed.relay.begin(ending, now: 1))
        var facts = facts()
        facts.close(relayed.relay, now: 2)
        #expect(counts(facts)[.connectionsClosed, "chat", label, "upstream-closed", "upstream"] == 1)
    }

    @Test("an upstream's failures by its name, and nobody else's")
    func upstreams() {
        var (lost, refused) = (facts(), facts())
        lost.upstreamName = "u"
        refused.upstreamName = "u"
        lost.refuse(Refusal(.upstreamTimeout), now: 1, since: 0)
        refused.refuse(Refusal(.draining), now: 1, since: 0)
        let counts = counts(lost, refused)
        #expect(counts[.upstreamFailures, "u", "upstream-timeout"] == 1)
        #expect(counts.numbers.keys.count { $0.metric == .upstreamFailures } == 1)
    }

    @Test("tickets, and routes that are no more")
    func others() {
        var ticket = facts("gone")
        ticket.answerTicket(status: 200, now: 1, since: 0)
        #expect(counts(ticket)[.tickets, "(removed)"] == 1)
        ticket.answerTicket(status: 204, now: 1, since: 0)
        #expect(counts(ticket)[.tickets, "(removed)"] == nil)
        #expect(counts(ticket)[.auditRecords, "ticket"] == 1)
    }
}
