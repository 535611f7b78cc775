/// `COUNT/PERIOD`, such as `10/1s`.
package struct Rate: Sendable, Hashable {
    /// At least 1.
    package var count: Int
    /// Above zero.
    package var period: Duration

    package init(count: Int, period: Duration) {
        self.count = count
        self.period = period
    }

    /// Nanoseconds between two at an even pace; at least 1.
    package var intervalNanoseconds: Int64 {
        let (seconds, attoseconds) = period.components
        let (whole, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard !isTooLong, !overflow else { return .max }
        return max(1, sum / Int64(max(1, count)))
    }
}

/// The arithmetic of a token bucket, kept as one number: the time at which the bucket would be full again
/// (the generic cell rate algorithm's "theoretical arrival time").
package struct TokenBucket: Sendable {
    /// Nanoseconds that one connection costs.
    package let interval: Int64
    /// Nanoseconds that may be owed at most: `interval` × burst.
    package let depth: Int64

    package init(rate: Rate, burst: Int) {
        interval = rate.intervalNanoseconds
        let (product, overflow) = interval.multipliedReportingOverflow(by: Int64(max(1, burst)))
        depth = overflow ? .max : product
    }

    package enum Outcome: Sendable, Hashable {
        /// Admitted; the bucket is full again at this time.
        case admitted(fullAt: Int64)
        /// Refused, and the bucket is as it was; after so many nanoseconds one would be admitted.
        case refused(retryAfter: Int64)
    }

    /// Takes one out of a bucket that is full again at `fullAt`; both times in nanoseconds of one clock.
    package func take(fullAt: Int64, now: Int64) -> Outcome {
        let start = max(fullAt, now)
        let (next, overflow) = start.addingReportingOverflow(interval)
        guard !overflow else { return .refused(retryAfter: interval) }
        let owed = next - now
        return owed > depth ? .refused(retryAfter: owed - depth) : .admitted(fullAt: next)
    }
}
