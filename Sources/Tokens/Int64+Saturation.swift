extension Int64 {
    /// The sum, or the end of the numbers where it would not fit: a time that stands in a token or a file may be any number.
    package func saturatingAdd(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}
