import Middleware
import PolicyModel
import Testing
import WebSocketProtocol

@testable import Engine

@Suite struct RuleMeterTests {
    private let rules = [
        Fixtures.rule("no-x", .text(.literal("x")), .drop), Fixtures.rule("no-y", .text(.literal("y")), .drop, .shadow),
    ]
    private let rates = [
        Fixtures.rate(.messages, 2, then: .drop), Fixtures.rate(.bytes, 4, then: .drop, mode: .shadow),
    ]
    private var names: PolicyNames {
        var policy = Policy()
        policy.routes = [Fixtures.routePolicy(rules, rates: rates)]
        return PolicyNames(policy)
    }

    private func counts(_ meter: RuleMeter, _ names: PolicyNames) -> Counts {
        var counts = Counts()
        meter.add(to: &counts, names)
        return counts
    }

    /// A lane from a client that tells the meter what rules and rates do.
    private func lanes(_ meter: RuleMeter, rates: [RouteRate]) throws -> Lanes {
        let lanes = try Lanes()
        let gates = Fixtures.rates(rates).gates(of: TrafficOwner(address: .v4(1), identity: nil))
        lanes.fromClient = Lane(
            sender: .client, limits: MessageLimits(messageBytes: 1024, fragments: 4),
            plan: MessagePlan(MessageRules(rules), from: .client, of: try Fixtures.facts()), gate: gates.fromClient,
            meter: meter)
        return lanes
    }

    @Test("what rules do, and in shadow mode would have, as each message comes, and as the connection's own hits say")
    func ruleHits() throws {
        let meter = RuleMeter(Fixtures.route(rules).terms, route: "chat")
        let lanes = try lanes(meter, rates: [])
        for text in ["x", "y", "z", "x"] { lanes.clientSends(TestFrame.text(text).masked.bytes) }
        let counts = counts(meter, names)
        #expect(counts[.ruleHits, "chat", "no-x", "enforce"] == 2 && counts[.ruleHits, "chat", "no-y", "shadow"] == 1)
        #expect(counts.numbers.count == 2)
        #expect(lanes.fromClient.hits.hits.map(\.count) == [2, 1])
    }

    @Test("what rates do, and in shadow mode would have")
    func rateHits() throws {
        let meter = RuleMeter(Fixtures.route(rules, rates: rates).terms, route: "chat")
        let lanes = try lanes(meter, rates: rates)
        for _ in 0..<5 { lanes.clientSends(TestFrame.text("abcdefgh").masked.bytes) }
        let counts = counts(meter, names)
        // Two messages pass; the second of them finds the bytes used up.
        #expect(counts[.rateHits, "chat", "message_rate", "enforce"] == 3)
        let shadowed = lanes.fromClient.gate.hits(of: 1)
        #expect(shadowed > 0 && counts[.rateHits, "chat", "byte_rate", "shadow"] == shadowed)
    }

    @Test("names that are no longer in the policy are one word; a reset begins anew")
    func removal() {
        let meter = RuleMeter(Fixtures.route(rules, rates: rates).terms, route: "chat")
        meter.count(RuleHit(rule: 0, isShadow: false))
        meter.count(rate: 0, 4)
        let removed = counts(meter, PolicyNames())
        #expect(removed[.ruleHits, "(removed)", "(removed)", "enforce"] == 1)
        #expect(removed[.rateHits, "(removed)", "(removed)", "enforce"] == 4)
        meter.reset()
        #expect(counts(meter, names).numbers.isEmpty)
    }
}
