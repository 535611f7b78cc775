import PolicyModel
import Testing

@testable import Engine

@Suite struct PolicyNamesTests {
    /// Routes to the upstream `u`, each with the rule `no-x` and a rate of messages.
    static func policy(routes: [String]) -> Policy {
        var policy = Policy()
        policy.upstreams = [UpstreamPolicy(name: "u", endpoints: [])]
        policy.routes = routes.map { name in
            var route = Fixtures.routePolicy(
                [Fixtures.rule("no-x", .text(.literal("x")), .drop)], rates: [Fixtures.rate(.messages, 5)])
            route.name = name
            return route
        }
        return policy
    }

    private let names = PolicyNames(policy(routes: ["chat", "feed"]))

    @Test("a name as a label: itself in force, one word for all that were, empty where there was none")
    func labels() {
        #expect(names.label(ofRoute: "chat") == "chat")
        #expect(names.label(ofRoute: "gone") == "(removed)")
        #expect(names.label(ofRoute: nil) == "")
        #expect(names.label(ofUpstream: "u") == "u" && names.label(ofUpstream: "v") == "(removed)")
        #expect(PolicyNames().label(ofRoute: "chat") == "(removed)")
    }

    @Test(
        "series are held whose names are all in the policy, or stand for none",
        arguments: [
            (Series(.refusals, ["chat", "anything"]), true), (Series(.refusals, ["gone", "ip-denied"]), false),
            (Series(.refusals, ["", "ip-denied"]), true), (Series(.refusals, ["(removed)", "ip-denied"]), true),
            (Series(.ruleHits, ["chat", "no-x", "shadow"]), true),
            (Series(.ruleHits, ["chat", "no-y", "shadow"]), false),
            (Series(.ruleHits, ["gone", "no-x", "shadow"]), false),
            (Series(.ruleHits, ["chat", "(removed)", "shadow"]), true),
            (Series(.rateHits, ["feed", "message_rate", "enforce"]), true),
            (Series(.rateHits, ["feed", "byte_rate", "enforce"]), false),
            (Series(.upstreamFailures, ["v", "upstream-lost"]), false),
            (Series(.keyFetches, ["corporate", "failed"]), false),
            (Series(.connectionsOpen, ["public"]), false), (Series(.draining, []), true),
        ])
    func holding(_ series: Series, _ expected: Bool) {
        #expect(names.holds(series) == expected)
    }
}
