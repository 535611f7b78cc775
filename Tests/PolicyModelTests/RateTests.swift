import Testing

@testable import PolicyModel

struct RateTests {
    @Test(
        arguments: [
            (10, Duration.seconds(1), 100_000_000), (1, .seconds(60), 60_000_000_000), (3, .seconds(1), 333_333_333),
            (1, .milliseconds(250), 250_000_000), (Int.max, .seconds(1), 1), (0, .seconds(1), 1_000_000_000),
            (1, .seconds(Int64.max), .max), (1, .seconds(9_223_372_036) + .nanoseconds(999_999_999), .max),
        ] as [(Int, Duration, Int64)])
    func `an interval is a period shared out`(count: Int, period: Duration, nanoseconds: Int64) {
        #expect(Rate(count: count, period: period).intervalNanoseconds == nanoseconds)
    }

    @Test(
        arguments: [
            // A byte at these rates takes less than a nanosecond.
            (1 << 30, .seconds(1), 1 << 30, 1_000_000_000), (1 << 30, .seconds(1), 1 << 20, 976_562),
            (1 << 36, .milliseconds(1), 1 << 36, 1_000_000), (1 << 30, .seconds(1), 1, 1),
            (3, .seconds(1), 3, 1_000_000_000), (3, .seconds(1), 2, 666_666_666),
            (7, .seconds(366 * 86_400), 7, 31_622_400_000_000_000),
            // 2^62 × 10^9 needs 92 bits on the way.
            (Int.max, .seconds(1), 1 << 62, 500_000_000), (1, .seconds(1), .max, .max),
            (1, .seconds(Int64.max), 5, .max),
            (1 << 30, .seconds(1), 0, 0), (1 << 30, .seconds(1), -5, 0), (1, .seconds(-1), 5, 1),
            (-1, .seconds(1), 2, 2_000_000_000),
        ] as [(Int, Duration, Int, Int64)])
    func `a cost is reckoned exactly`(count: Int, period: Duration, cost: Int, nanoseconds: Int64) {
        #expect(Pace(Rate(count: count, period: period)).nanoseconds(for: cost) == nanoseconds)
    }
}
