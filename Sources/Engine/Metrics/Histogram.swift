/// How often a time was how long: what one thread counts, and what a scrape adds up.
struct Histogram: Sendable {
    /// The upper bounds of its buckets in nanoseconds, ascending, each of them inclusive: from a tenth of a millisecond to 10
    /// seconds. Longer times are beyond them all.
    static let bounds: [Nanoseconds] = [
        100_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000,
        500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
    ]

    /// A bucket for each bound, and one for what is beyond. In line, so that a copy for a scrape costs the next count nothing.
    private var buckets = InlineArray<16, Int64>(repeating: 0)
    /// All times together, in nanoseconds.
    private(set) var sum: Nanoseconds = 0

    /// Counts a time; below zero counts as none at all.
    mutating func count(_ time: Nanoseconds) {
        let time = max(0, time)
        var place = 0
        while place < Self.bounds.count, time > Self.bounds[place] { place += 1 }
        buckets[place] += 1
        sum = sum.saturatingAdd(time)
    }

    /// Counts what another has counted, too.
    mutating func add(_ other: Histogram) {
        for place in buckets.indices { buckets[place] += other.buckets[place] }
        sum = sum.saturatingAdd(other.sum)
    }

    /// How many times were no longer than each of the bounds, and last, how many there were at all.
    var cumulative: [Int64] {
        var total: Int64 = 0
        return buckets.indices.map { place in
            total += buckets[place]
            return total
        }
    }
}
