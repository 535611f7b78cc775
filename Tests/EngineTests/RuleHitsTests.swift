import Testing

@testable import Engine

@Suite struct RuleHitsTests {
    @Test("counted by rule and by mode, in the order of their first")
    func counts() {
        var hits = RuleHits()
        #expect(hits.hits.isEmpty)
        hits.count("a", isShadow: false)
        hits.count("b", isShadow: true)
        hits.count("a", isShadow: false)
        hits.count("a", isShadow: true)
        #expect(hits.hits.map(\.rule) == ["a", "b", "a"])
        #expect(hits.hits.map(\.isShadow) == [false, true, true])
        #expect(hits.hits.map(\.count) == [2, 1, 1])
    }
}
