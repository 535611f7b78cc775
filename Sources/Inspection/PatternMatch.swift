/// Where a pattern has matched: offsets into the text that was searched. Holds no memory of its own.
package struct PatternMatch: Sendable {
    // Where the match begins and ends, then the same for each named group; -1 and -1 where a group took no part.
    private var offsets = InlineArray<34, Int>(repeating: -1)

    package init() {}

    /// The whole match; 0..<0 before the first.
    package var range: Range<Int> { self[at: 0] ?? 0..<0 }

    /// What the named group matched, by its index in `Pattern.groupNames`. nil where it took no part, or there is none such.
    package subscript(group index: Int) -> Range<Int>? {
        guard index >= 0, index < Pattern.maximumGroups else { return nil }
        return self[at: 1 + index]
    }

    private subscript(at index: Int) -> Range<Int>? {
        let lower = offsets[2 * index]
        let upper = offsets[2 * index + 1]
        return lower >= 0 && lower <= upper ? lower..<upper : nil
    }

    /// Lends the offsets to what writes them.
    mutating func withOffsets<Result>(_ body: (inout MutableSpan<Int>) -> Result) -> Result {
        var span = offsets.mutableSpan
        return body(&span)
    }

    /// The match is this range alone.
    mutating func set(to range: Range<Int>) {
        offsets = InlineArray(repeating: -1)
        offsets[0] = range.lowerBound
        offsets[1] = range.upperBound
    }
}
