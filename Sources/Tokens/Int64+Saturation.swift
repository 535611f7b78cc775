extension Int64 {
    /// The sum, or the end of the numbers where it would not fit: a time that stands in a token or a file may be any number.
    package func saturatingAdd(_ seconds: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(seconds)
        return overflow ? (seconds < 0 ? .min : .max) : sum
    }
}
