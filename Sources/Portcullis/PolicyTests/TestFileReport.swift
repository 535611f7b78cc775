import PolicyModel

/// What one file of tests has come to.
struct TestFileReport {
    let file: String
    /// The policy that was tested, as it was found.
    let policies: String
    let results: [TestResult]
    let duration: Duration

    var failed: [TestResult] { results.filter { !$0.failures.isEmpty } }
}

/// What a whole run has come to.
struct TestReport {
    var files: [TestFileReport] = []
    /// By the path of each policy that was tested; nil where it was not asked for.
    var coverage: [(policies: String, coverage: PolicyCoverage)]?
    var duration = Duration.zero

    var results: [TestResult] { files.flatMap(\.results) }
    var failed: [TestResult] { files.flatMap(\.failed) }
    var untouched: [PolicyCoverage.Part] { (coverage ?? []).flatMap(\.coverage.untouched) }
}

extension Duration {
    /// `12 ms`, `3.4 s`
    var shown: String {
        let milliseconds = nanoseconds / 1_000_000
        return milliseconds < 1000 ? "\(milliseconds) ms" : "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
    }
}
