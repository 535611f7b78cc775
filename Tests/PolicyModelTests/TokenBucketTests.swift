import PolicyModel
import Testing

struct TokenBucketTests {
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
        // 4 at once, 96 at an even pace, less what was rounded off of those 4.
        #expect(now == 100 * bucket.interval - bucket.depth)
    }

    @Test func `times and depths at their ends do not trap`() {
        let bucket = Self.bucket(1, .seconds(Int64.max), burst: .max)
        #expect(bucket.depth == .max)
        #expect(bucket.take(fullAt: .max, now: 1) == .refused(retryAfter: .max))
        #expect(Self.bucket(1, .seconds(1), burst: 0).depth == 1_000_000_000)
        #expect(Self.bucket(1, .seconds(1), burst: -5).depth == 1_000_000_000)
        let late = Self.bucket(1, .seconds(1), burst: 1)
        #expect(late.take(fullAt: .max - 10, now: .max - 5) == .refused(retryAfter: 1_000_000_000))
        #expect(late.charge(5, fullAt: .max - 10, now: 0) == .max)
        #expect(late.charge(.max, fullAt: 0, now: 0) == .max)
        #expect(late.debtEnd(fullAt: .min) == .min)
        #expect(late.isExhausted(fullAt: .max, now: .min))
        #expect(!late.isExhausted(fullAt: .min, now: .max))
        #expect(late.take(.max, fullAt: 0, now: 5) == .refused(retryAfter: .max))
        guard case .refused = late.take(fullAt: .max - 2_000_000_000, now: .min) else {
            Issue.record("admitted before the beginning of time")
            return
        }
    }

    @Test func `bytes are taken many at once, and never more than a burst`() {
        let bucket = Self.bucket(1 << 20, .seconds(1), burst: 1 << 20)
        let now: Int64 = 7_000_000_000
        #expect(bucket.take(1 << 20, fullAt: 0, now: now) == .admitted(fullAt: now + 1_000_000_000))
        #expect(bucket.take(1 << 19, fullAt: now, now: now) == .admitted(fullAt: now + 500_000_000))
        #expect(
            bucket.take(1 << 20, fullAt: now + 500_000_000, now: now) == .refused(retryAfter: 500_000_000))
        guard case .refused = bucket.take((1 << 20) + 2, fullAt: 0, now: now) else {
            Issue.record("more than a burst was admitted")
            return
        }
    }

    @Test func `a charge may leave a debt, which is worked off at the rate`() {
        let bucket = Self.bucket(1000, .seconds(1), burst: 500)
        let now: Int64 = 3_000_000_000
        var fullAt = bucket.charge(500, fullAt: 0, now: now)
        #expect(bucket.isExhausted(fullAt: fullAt, now: now))
        // Nothing is owed yet.
        #expect(bucket.debtEnd(fullAt: fullAt) == now)
        fullAt = bucket.charge(2000, fullAt: fullAt, now: now)
        #expect(bucket.debtEnd(fullAt: fullAt) == now + 2_000_000_000)
        #expect(bucket.isExhausted(fullAt: fullAt, now: now + 2_000_999_999))
        #expect(!bucket.isExhausted(fullAt: fullAt, now: now + 2_001_000_000))
        #expect(bucket.take(fullAt: fullAt, now: now + 2_001_000_000) == .admitted(fullAt: fullAt + 1_000_000))
        #expect(bucket.take(fullAt: fullAt, now: now + 2_000_999_999) == .refused(retryAfter: 1))
    }

    @Test func `charging a byte at a time costs as much as at once`() {
        let bucket = Self.bucket(1000, .seconds(1), burst: 1)
        var fullAt: Int64 = 0
        for _ in 0..<5000 { fullAt = bucket.charge(1, fullAt: fullAt, now: 0) }
        #expect(fullAt == bucket.charge(5000, fullAt: 0, now: 0))
    }

    @Test(
        "how many are left",
        arguments: [
            (0, 0, 10), (1_000_000_000, 0, 9), (10_000_000_000, 0, 0), (20_000_000_000, 0, 0), (5, 1_000, 10),
            (1, 0, 9),
        ])
    func left(_ fullAt: Int64, _ now: Int64, _ count: Int64) {
        let bucket = TokenBucket(rate: Rate(count: 1, period: .seconds(1)), burst: 10)
        #expect(bucket.left(fullAt: fullAt, now: now) == count)
    }
}
