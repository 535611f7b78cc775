extension Duration {
    /// Whole nanoseconds, what is less than one left out; the end of the numbers where there are more of them than fit,
    /// which is after 292 years.
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return isTooLong || overflow ? (seconds < 0 ? .min : .max) : sum
    }
}
