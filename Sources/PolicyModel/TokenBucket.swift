/// The arithmetic of a token bucket, kept as one number: the time at which the bucket would be full again
/// (the generic cell rate algorithm's "theoretical arrival time").
///
/// All times are nanoseconds of one clock. Whatever would be more than an `Int64` holds is `Int64.max`.
package struct TokenBucket: Sendable {
    private let pace: Pace
    /// Nanoseconds that one unit costs.
    package let interval: Int64
    /// Nanoseconds that may be owed at most: what a whole burst costs.
    package let depth: Int64

    package init(rate: Rate, burst: Int) {
        pace = Pace(rate)
        interval = pace.nanoseconds(for: 1)
        depth = pace.nanoseconds(for: max(1, burst))
    }

    package enum Outcome: Sendable, Hashable {
        /// Admitted; the bucket is full again at this time.
        case admitted(fullAt: Int64)
        /// Refused, and the bucket is as it was; after so many nanoseconds it would be admitted.
        case refused(retryAfter: Int64)
    }

    /// Takes `cost` units out of a bucket that is full again at `fullAt`. More than a burst is never admitted.
    package func take(_ cost: Int = 1, fullAt: Int64, now: Int64) -> Outcome {
        let price = pace.nanoseconds(for: cost)
        let (next, overflow) = max(fullAt, now).addingReportingOverflow(price)
        guard !overflow else { return .refused(retryAfter: price) }
        let owed = Self.difference(next, now)
        return owed > depth ? .refused(retryAfter: owed - depth) : .admitted(fullAt: next)
    }

    /// Takes `cost` units, also where there are not as many: what is missing is a debt. The time at which the bucket is full
    /// again.
    package func charge(_ cost: Int, fullAt: Int64, now: Int64) -> Int64 {
        let (next, overflow) = max(fullAt, now).addingReportingOverflow(pace.nanoseconds(for: cost))
        return overflow ? .max : next
    }

    /// Whether not a whole unit is left in a bucket that is full again at `fullAt`.
    package func isExhausted(fullAt: Int64, now: Int64) -> Bool {
        Self.difference(fullAt, now) > depth - interval
    }

    /// How many units are left in a bucket that is full again at `fullAt`.
    package func left(fullAt: Int64, now: Int64) -> Int64 {
        max(0, Self.difference(depth, max(0, Self.difference(fullAt, now)))) / interval
    }

    /// When the debt of a bucket that is full again at `fullAt` is worked off; in the past where there is none.
    package func debtEnd(fullAt: Int64) -> Int64 { Self.difference(fullAt, depth) }

    private static func difference(_ left: Int64, _ right: Int64) -> Int64 {
        let (difference, overflow) = left.subtractingReportingOverflow(right)
        guard overflow else { return difference }
        return right < 0 ? .max : .min
    }
}
