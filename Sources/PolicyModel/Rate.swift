/// `COUNT/PERIOD`, such as `10/1s`; for bytes `SIZE/PERIOD`, such as `1MiB/1s`.
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
    package var intervalNanoseconds: Int64 { Pace(self).nanoseconds(for: 1) }
}

/// A rate, made ready to be reckoned with.
struct Pace: Sendable {
    /// Of `count`, in nanoseconds.
    private let period: UInt64
    private let count: UInt64

    init(_ rate: Rate) {
        period = UInt64(max(0, rate.period.nanoseconds))
        count = UInt64(max(1, rate.count))
    }

    /// Nanoseconds that `cost` takes at an even pace, rounded down, but at least 1 for whatever costs anything; `Int64.max`
    /// where there would be more. What is rounded off is lost once for each time this is asked, and not once for each unit:
    /// a byte at 1GiB/1s takes less than one.
    func nanoseconds(for cost: Int) -> Int64 {
        guard cost > 0 else { return 0 }
        let product = period.multipliedFullWidth(by: UInt64(cost))
        // Otherwise the quotient would not fit into a word.
        guard product.high < count else { return .max }
        return max(1, Int64(clamping: count.dividingFullWidth(product).quotient))
    }
}
