import PolicyModel
import Testing

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

    private static func bucket(_ count: Int, _ period: Duration, burst: Int) -> TokenBucket {
        TokenBucket(rate: Rate(count: count, period: period), burst: burst)
    }

    @Test func `a burst is admitted at once, then one an interval`() {
        let bucket = Self.bucket(10, .seconds(1), burst: 3)
        var fullAt: Int64 = 0
        let now: Int64 = 5_000_000_000
        for _ in 0..<3 {
            guard case .admitted(let next) = bucket.take(fullAt: fullAt, now: now) else {
                Issue.record("refused inside the burst")
                return
            }
            fullAt = next
        }
        #expect(bucket.take(fullAt: fullAt, now: now) == .refused(retryAfter: 100_000_000))
        #expect(bucket.take(fullAt: fullAt, now: now + 99_999_999) == .refused(retryAfter: 1))
        #expect(bucket.take(fullAt: fullAt, now: now + 100_000_000) == .admitted(fullAt: fullAt + 100_000_000))
    }

    @Test func `a long rest fills the bucket and no more`() {
        let bucket = Self.bucket(1, .seconds(1), burst: 2)
        var fullAt: Int64 = 0
        let now: Int64 = 1_000_000_000_000
        var admitted = 0
        for _ in 0..<10 {
            if case .admitted(let next) = bucket.take(fullAt: fullAt, now: now) {
                fullAt = next
                admitted += 1
            }
        }
        #expect(admitted == 2)
    }

    @Test func `what was refused costs nothing, and retrying when told is admitted`() {
        let bucket = Self.bucket(7, .seconds(3), burst: 4)
        var fullAt: Int64 = 0
        var now: Int64 = 0
        var admitted = 0
        while admitted < 100 {
            switch bucket.take(fullAt: fullAt, now: now) {
            case .admitted(let next):
                fullAt = next
                admitted += 1
            case .refused(let retryAfter):
                #expect(retryAfter > 0)
                if retryAfter > 1 {
                    #expect(bucket.take(fullAt: fullAt, now: now + retryAfter - 1) == .refused(retryAfter: 1))
                }
                now += retryAfter
            }
        }
        // 4 at once, 96 at an even pace.
        #expect(now == 96 * bucket.interval)
    }

    @Test func `times and depths at their ends do not trap`() {
        let bucket = Self.bucket(1, .seconds(Int64.max), burst: .max)
        #expect(bucket.depth == .max)
        #expect(bucket.take(fullAt: .max, now: 1) == .refused(retryAfter: .max))
        #expect(Self.bucket(1, .seconds(1), burst: 0).depth == 1_000_000_000)
        #expect(Self.bucket(1, .seconds(1), burst: -5).depth == 1_000_000_000)
        let late = Self.bucket(1, .seconds(1), burst: 1)
        #expect(late.take(fullAt: .max - 10, now: .max - 5) == .refused(retryAfter: 1_000_000_000))
    }
}
