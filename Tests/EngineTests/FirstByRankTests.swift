import Testing

@testable import Engine

@Suite struct FirstByRankTests {
    @Test("the highest of many, as sorting would find them", arguments: [0, 1, 2, 7, 100, 1000])
    func highest(limit: Int) {
        var numbers = SystemRandomNumberGenerator()
        for count in [0, 1, 2, 3, 50, 500] {
            var first = FirstByRank<Int>(limit: limit)
            let ranks = (0..<count).map { _ in Int64.random(in: -20...20, using: &numbers) }
            for (index, rank) in ranks.enumerated() { first.insert(index, rank: rank) }
            #expect(first.sorted.map(\.rank) == Array(ranks.sorted(by: >).prefix(limit)))
            #expect(first.sorted.allSatisfy { ranks[$0.element] == $0.rank })
            #expect(Set(first.sorted.map(\.element)).count == min(limit, count))
        }
    }
}
