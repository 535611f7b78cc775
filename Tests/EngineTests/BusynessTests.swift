import Testing

@testable import Engine

@Suite struct BusynessTests {
    private static let millisecond: Nanoseconds = 1_000_000

    /// Windows in which the thread has had so many of 10 milliseconds.
    private func busyness(_ shares: [Int64]) -> Busyness {
        var busyness = Busyness(now: 0, used: 0)
        var used: Nanoseconds = 0
        for (index, share) in shares.enumerated() {
            used += share * Self.millisecond
            busyness.look(now: Int64(index + 1) * 10 * Self.millisecond, used: used)
        }
        return busyness
    }

    @Test(
        "busy is who has had half of a processor, until it has clearly less",
        arguments: [([0], false), ([4], false), ([5], true), ([10], true), ([5, 4], true), ([5, 3], false)])
    func share(shares: [Int64], isHigh: Bool) {
        #expect(busyness(shares).isHigh == isHigh)
    }

    @Test("the thread's time is asked for once in a window")
    func window() {
        var busyness = Busyness(now: 0, used: 0)
        var count = 0
        func used() -> Nanoseconds {
            count += 1
            return 0
        }
        for index in 0..<100 { busyness.look(now: Int64(index) * Self.millisecond, used: used()) }
        #expect(count == 9)
    }
}
