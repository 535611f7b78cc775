import Middleware
import Testing

@testable import Engine

@Suite struct RuleHitsTests {
    @Test("counted by rule and by mode, in the order of their first")
    func counts() {
        var hits = RuleHits()
        #expect(hits.hits.isEmpty)
        hits.count(RuleHit(rule: 0, isShadow: false))
        hits.count(RuleHit(rule: 7, isShadow: true, pointer: "/p"))
        hits.count(RuleHit(rule: 0, isShadow: false))
        hits.count(RuleHit(rule: 0, isShadow: true))
        #expect(hits.hits.map(\.rule) == [0, 7, 0])
        #expect(hits.hits.map(\.isShadow) == [false, true, true])
        #expect(hits.hits.map(\.count) == [2, 1, 1])
        #expect(hits.hits.map(\.pointer) == [nil, "/p", nil])
    }
}
