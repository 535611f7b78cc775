import Testing

@testable import Engine

@Suite struct HistogramTests {
    private let millisecond: Nanoseconds = 1_000_000

    @Test("a time belongs to the first bucket whose bound it does not exceed")
    func bounds() {
        for (place, bound) in Histogram.bounds.enumerated() {
            var histogram = Histogram()
            histogram.count(bound)
            histogram.count(bound + 1)
            let below = Array(repeating: Int64(0), count: place)
            let above = Array(repeating: Int64(2), count: Histogram.bounds.count - place)
            #expect(histogram.cumulative == below + [1] + above)
        }
    }

    @Test("bounds ascend, and there is a bucket for each and one beyond")
    func buckets() {
        #expect(Histogram.bounds == Histogram.bounds.sorted() && Set(Histogram.bounds).count == 15)
        #expect(Histogram().cumulative.count == Histogram.bounds.count + 1)
    }

    @Test("the last is how many there were, also those beyond all bounds; the sum is exact, and never overflows")
    func sums() {
        var histogram = Histogram()
        #expect(histogram.cumulative.last == 0 && histogram.sum == 0)
        for time in [-5, 0, 3 * millisecond, 60_000 * millisecond] { histogram.count(time) }
        #expect(histogram.cumulative.last == 4 && histogram.sum == 60_003 * millisecond)
        #expect(histogram.cumulative.dropLast().last == 3)
        histogram.count(.max)
        #expect(histogram.sum == .max)
    }

    @Test("what two have counted adds up, bucket by bucket")
    func addition() {
        var (one, other) = (Histogram(), Histogram())
        one.count(millisecond)
        other.count(millisecond)
        other.count(20_000 * millisecond)
        one.add(other)
        #expect(one.sum == 20_002 * millisecond)
        #expect(one.cumulative == [0, 0] + Array(repeating: 2, count: 13) + [3])
        #expect(other.cumulative.last == 2)
    }
}
