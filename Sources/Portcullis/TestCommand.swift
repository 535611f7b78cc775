import ArgumentParser
import Engine
import Foundation
import PolicyFile
import PolicyModel

/// `portcullis test`: whether policies do what their authors expect, without a gateway, a network or a clock.
struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Run policy tests: handshakes and messages, and what a policy should make of them.",
        discussion: """
            Tests stand in files named *.test.yaml beside the policies; docs/testing-policies.md says how to write them. \
            Each is judged as a gateway would, which needs no certificate, no upstream and no token: those are made up. \
            Nothing is sent to anybody.

              portcullis test
              portcullis test policies/examples/chat.test.yaml --filter origin

            A smallest file:

              tests:
                - name: strangers are refused
                  handshake: { url: "wss://chat.example.com/chat" }
                  expect: { refused: token-missing, status: 401 }

            Ends with 0 where all tests have passed, with 1 where one has not (or, with --coverage fail, where a rule of the \
            policy is touched by none), and with 2 where tests or policies cannot be read or there are none.
            """)

    /// What becomes of rules that no test has touched.
    enum CoverageOption: String, ExpressibleByArgument, CaseIterable {
        case show
        case fail
        case off
    }

    @Argument(
        help: ArgumentHelp(
            "Test files, or folders of them (default: those in the folder of --policies).", valueName: "file"))
    var files: [String] = []

    @Option(
        help: ArgumentHelp(
            "What files test that do not name their own: a policy file, or a folder (default: the folder that the test is in).",
            valueName: "path"))
    var policies: String?

    @Option(help: ArgumentHelp("What relative paths in policies are relative to.", valueName: "dir"))
    var root = "."

    @Option(help: ArgumentHelp("Run only tests with this in their names.", valueName: "text"))
    var filter: String?

    @Option(help: "Rules that no test has touched: show them, fail because of them, or off.")
    var coverage = CoverageOption.show

    @Option(help: ArgumentHelp("Write a report in JUnit's XML to this file as well.", valueName: "file"))
    var junit: String?

    @Flag(help: "Print the report as one JSON object.")
    var json = false

    /// Tests or policies cannot be read.
    static let unreadable = ExitCode(2)

    func run() throws {
        var suite = TestSuite(
            policies: policies, root: root, filter: filter, seesCoverage: coverage != .off, extensions: .current)
        suite.run(files.isEmpty ? [policies ?? "policies"] : files)
        let report = suite.report
        if let junit { try write(report.junit(errors: suite.errors), to: junit) }
        if json {
            try Console.answer(json: TestReportJSON(report, errors: suite.errors))
        } else {
            for error in suite.errors { Console.note("\(error)") }
            let style = TerminalStyle(isColoured: Console.hasAnswerColours)
            if !report.files.isEmpty { try Console.answer(lines: report.lines(style)) }
        }
        if !suite.errors.isEmpty { throw Self.unreadable }
        if !report.failed.isEmpty { throw ExitCode.failure }
        if coverage == .fail, !report.untouched.isEmpty { throw ExitCode.failure }
    }

    private func write(_ text: String, to file: String) throws {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        } catch {
            Console.note("portcullis: \(file) cannot be written: \(error.localizedDescription)")
            throw Self.unreadable
        }
    }
}
