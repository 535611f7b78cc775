/// One line of a metric, or the lines of one histogram: the metric and the values of its labels.
struct Series: Hashable, Sendable {
    /// What stands in every label of what there is no more room for.
    static let overflow = "(overflow)"

    let metric: Metric
    /// In the order of ``Metric/labels``.
    let labels: [String]

    init(_ metric: Metric, _ labels: [String]) {
        self.metric = metric
        self.labels = labels
    }

    /// Where it is counted when there is no more room for one of its own.
    var folded: Series { Series(metric, labels.map { _ in Self.overflow }) }
}

/// What has been counted, by series: a value of one thread's own, which others get copies of.
struct Counts: Sendable {
    /// Of counters and gauges. Times are in nanoseconds.
    private(set) var numbers: [Series: Int64] = [:]
    private(set) var histograms: [Series: Histogram] = [:]

    /// Counts something once more, or `count` times; a count of 0 has the series be there.
    mutating func add(_ metric: Metric, _ labels: String..., count: Int64 = 1) {
        add(Series(metric, labels), count)
    }

    mutating func add(_ series: Series, _ count: Int64) {
        numbers[series, default: 0] += count
    }

    /// Counts how long something has taken.
    mutating func time(_ metric: Metric, _ labels: String..., took time: Nanoseconds) {
        histograms[Series(metric, labels), default: Histogram()].count(time)
    }

    mutating func add(_ series: Series, _ histogram: Histogram) {
        histograms[series, default: Histogram()].add(histogram)
    }

    /// Counts what others have counted, too.
    mutating func add(_ other: Counts) {
        for (series, count) in other.numbers { add(series, count) }
        for (series, histogram) in other.histograms { add(series, histogram) }
    }

    /// Forgets what bears a name that is no longer in the policy.
    mutating func keep(_ names: PolicyNames) {
        numbers = numbers.filter { names.holds($0.key) }
        histograms = histograms.filter { names.holds($0.key) }
    }

    /// The same under other series, which may be fewer.
    func mapped(_ place: (Series) -> Series) -> Counts {
        var mapped = Counts()
        for (series, count) in numbers { mapped.add(place(series), count) }
        for (series, histogram) in histograms { mapped.add(place(series), histogram) }
        return mapped
    }
}
