import Foundation
import PolicyFile
import PolicyModel
import Testing

@testable import Portcullis

struct TestReportTests {
    private static func report() throws -> TestReport {
        let test = { (name: String, line: Int) in
            PolicyTestCase(
                name: name, handshake: TestHandshake(),
                expectation: HandshakeExpectation(
                    .admitted, position: SourcePosition(file: "a", line: line, column: 1)),
                position: SourcePosition(file: "a.test.yaml", line: line, column: 5))
        }
        let failure = TestFailure(
            subject: "message 1", expected: "x", actual: "<y>",
            position: SourcePosition(file: "a.test.yaml", line: 9, column: 7),
            difference: [.left(3), .same("s"), .onlyExpected("e"), .onlyActual("a")])
        let results = [
            TestResult(test: test("good", 2), failures: [], touched: []),
            TestResult(test: test("bad & \"odd\"", 5), failures: [failure], touched: []),
        ]
        var report = TestReport(files: [
            TestFileReport(file: "a.test.yaml", policies: "a.yaml", results: results, duration: .milliseconds(3)),
            TestFileReport(
                file: "long.test.yaml", policies: "a.yaml", results: [results[0]], duration: .milliseconds(1234)),
        ])
        report.duration = .milliseconds(1250)
        var coverage = PolicyCoverage()
        coverage.add(try PolicyCoverageTests.policy())
        coverage.touch(coverage.parts.dropLast().map(\.place))
        report.coverage = coverage
        return report
    }

    @Test("for people")
    func text() throws {
        let lines = try Self.report().lines(TerminalStyle(isColoured: false))
        #expect(
            lines.joined(separator: "\n") == """
                FAIL  a.test.yaml     2 tests, 1 failed  (3 ms)
                ok    long.test.yaml  1 test             (1.2 s)

                FAIL a.test.yaml:5: bad & "odd"
                  a.test.yaml:9:7: message 1
                    expected: x
                    actual:   <y>
                        … 3 lines that both have
                        s
                      - e
                      + a

                not touched by any test:
                  p:14:16: the message rule `no-binary` of the route `chat`

                2 files, 3 tests: 2 passed, 1 failed; 5 of 6 rules touched (1.2 s)
                """)
    }

    @Test("in colours")
    func colours() throws {
        let lines = try Self.report().lines(TerminalStyle(isColoured: true))
        #expect(lines[0].hasPrefix("\u{1b}[31mFAIL\u{1b}[0m  a.test.yaml"))
        #expect(lines[1].hasPrefix("\u{1b}[32mok\u{1b}[0m    long.test.yaml"))
    }

    @Test("for programs")
    func json() throws {
        let data = try JSONEncoder().encode(TestReportJSON(try Self.report(), errors: []))
        let decoded = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(decoded["passed"] as? Int == 2)
        #expect(decoded["failed"] as? Int == 1)
        let coverage = try #require(decoded["coverage"] as? [String: Any])
        #expect(coverage["rules"] as? Int == 6)
        #expect(coverage["touched"] as? Int == 5)
    }

    @Test("for CI systems")
    func junit() throws {
        #expect(
            try Self.report().junit(errors: []) == """
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuites tests="3" failures="1" errors="0" time="1.250">
                  <testsuite name="a.test.yaml" tests="2" failures="1" time="0.003">
                    <testcase name="good" classname="a.test.yaml" file="a.test.yaml" line="2"/>
                    <testcase name="bad &amp; &quot;odd&quot;" classname="a.test.yaml" file="a.test.yaml" line="5">
                      <failure message="message 1">a.test.yaml:9:7: message 1
                expected: x
                actual: &lt;y&gt;</failure>
                    </testcase>
                  </testsuite>
                  <testsuite name="long.test.yaml" tests="1" failures="0" time="1.234">
                    <testcase name="good" classname="long.test.yaml" file="long.test.yaml" line="2"/>
                  </testsuite>
                </testsuites>

                """)
    }

    @Test("files that could not be read, and characters that XML has not, for CI systems")
    func junitErrors() {
        let errors = [(1, "a\u{1}\u{ffff}\tb"), (2, "c")].map { line, message in
            Diagnostic(position: SourcePosition(file: "x.test.yaml", line: line, column: 3), message: message)
        }
        #expect(
            TestReport().junit(errors: errors) == """
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuites tests="1" failures="0" errors="1" time="0.000">
                  <testsuite name="x.test.yaml" tests="1" failures="0" errors="1" time="0.000">
                    <testcase name="can be run" classname="x.test.yaml" file="x.test.yaml" line="1">
                      <error message="a\u{fffd}\u{fffd}\tb">x.test.yaml:1:3: error: a\u{fffd}\u{fffd}\tb
                x.test.yaml:2:3: error: c</error>
                    </testcase>
                  </testsuite>
                </testsuites>

                """)
    }
}
