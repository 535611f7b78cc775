import PolicyFile
import PolicyModel

/// What `portcullis test --json` prints.
struct TestReportJSON: Encodable {
    struct Failure: Encodable {
        var subject: String
        var expected: String
        var actual: String
        var place: ReportedPlace
    }

    struct Test: Encodable {
        var name: String
        var place: ReportedPlace
        var passed: Bool
        var failures: [Failure]
    }

    struct File: Encodable {
        var file: String
        var policies: String
        var milliseconds: Int64
        var tests: [Test]
    }

    struct Untouched: Encodable {
        var rule: String
        var place: ReportedPlace
    }

    struct Coverage: Encodable {
        var rules: Int
        var touched: Int
        var untouched: [Untouched]
    }

    struct Problem: Encodable {
        var message: String
        var place: ReportedPlace
    }

    var passed: Int
    var failed: Int
    var milliseconds: Int64
    var files: [File]
    /// nil where it was not asked for.
    var coverage: Coverage?
    /// What is wrong with files that could not be run.
    var errors: [Problem]

    init(_ report: TestReport, errors: [Diagnostic]) {
        failed = report.failed.count
        passed = report.results.count - failed
        milliseconds = report.duration.nanoseconds / 1_000_000
        files = report.files.map { file in
            File(
                file: file.file, policies: file.policies, milliseconds: file.duration.nanoseconds / 1_000_000,
                tests: file.results.map(Test.init))
        }
        coverage = report.coverage.map { coverage in
            Coverage(
                rules: coverage.parts.count, touched: coverage.parts.count - report.untouched.count,
                untouched: report.untouched.map { Untouched(rule: $0.name, place: ReportedPlace($0.position)) })
        }
        self.errors = errors.map { Problem(message: $0.message, place: ReportedPlace($0.position)) }
    }
}

extension TestReportJSON.Test {
    fileprivate init(_ result: TestResult) {
        name = result.test.name
        place = ReportedPlace(result.test.position)
        passed = result.failures.isEmpty
        failures = result.failures.map {
            TestReportJSON.Failure(
                subject: $0.subject, expected: $0.expected, actual: $0.actual, place: ReportedPlace($0.position))
        }
    }
}
