import Engine
import Foundation
import PolicyFile
import PolicyModel
import Tokens

/// Finds test files, reads them and the policies that they test, and runs them.
struct TestSuite {
    /// What files test that do not name their own.
    private let policies: String?
    private let root: String
    private let filter: String?
    private let seesCoverage: Bool
    private let extensions: Extensions
    private(set) var report = TestReport()
    /// What is wrong with files that could not be run.
    private(set) var errors: [Diagnostic] = []
    /// By path; nil where it cannot be used, which has been told.
    private var loaded: [String: Policy?] = [:]
    private var coverage = PolicyCoverage()

    init(policies: String?, root: String, filter: String?, seesCoverage: Bool, extensions: Extensions) {
        self.policies = policies
        self.root = root
        self.filter = filter
        // A part of the tests touches a part of the rules, which says nothing.
        self.seesCoverage = seesCoverage && filter == nil
        self.extensions = extensions
    }

    /// Runs the tests at these paths, files or folders, each file once.
    mutating func run(_ paths: [String]) {
        let clock = ContinuousClock()
        let start = clock.now
        var seen: Set<String> = []
        for path in paths {
            switch PolicyTestLoader.files(at: path) {
            case .failure(let error): errors += error.diagnostics
            case .success(let files):
                if files.isEmpty { refuseEmpty(path) }
                for file in files where seen.insert(file).inserted { run(file: file) }
            }
        }
        let isFiltered = filter != nil && report.results.isEmpty && errors.isEmpty
        if let filter, isFiltered { refuse(paths.first ?? ".", "no test has `\(filter)` in its name") }
        if seesCoverage { report.coverage = coverage }
        report.duration = clock.now - start
    }

    private mutating func refuseEmpty(_ path: String) {
        refuse(
            path,
            "no tests here: they are files named *\(PolicyTestLoader.suffix) beside the policies; "
                + "`portcullis test --help` shows a smallest one")
    }

    private mutating func refuse(_ path: String, _ message: String) {
        errors.append(
            Diagnostic(position: SourcePosition(file: path, line: 1, column: 1), message: message.terminalSafe))
    }

    private mutating func run(file path: String) {
        let words = PolicyTestWords(reasons: extensions.reasonNames) { Timestamp.unixSeconds(rfc3339: $0) }
        switch PolicyTestLoader.load(path: path, words: words) {
        case .failure(let error): errors += error.diagnostics
        case .success(let file):
            let place = policies(of: file, at: path)
            guard let policy = policy(at: place) else { return }
            let unknown = PolicyTestLoader.unknownNames(in: file, of: policy)
            guard unknown.isEmpty else {
                errors += unknown
                return
            }
            run(file, at: path, against: policy, from: place)
        }
    }

    /// Where the policy stands that a file tests.
    private func policies(of file: PolicyTestFile, at path: String) -> String {
        let folder = path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) : "."
        if let named = file.policies {
            return named.hasPrefix("/") ? named : folder == "." ? named : "\(folder)/\(named)"
        }
        return policies ?? (folder.isEmpty ? "/" : folder)
    }

    private mutating func policy(at path: String) -> Policy? {
        if let known = loaded[path] { return known }
        let result = PolicyLoader.load(path: path, root: root, extensions: extensions.catalog)
        loaded[path] = .some(result.policy)
        guard let policy = result.policy else {
            errors += result.diagnostics.filter { $0.severity == .error }
            return nil
        }
        coverage.add(policy)
        return policy
    }

    private mutating func run(
        _ file: PolicyTestFile, at path: String, against policy: Policy, from place: String
    ) {
        let clock = ContinuousClock()
        let start = clock.now
        var results: [TestResult] = []
        for test in file.cases where filter.map({ test.name.localizedCaseInsensitiveContains($0) }) ?? true {
            do {
                let rehearsal = try Rehearsal(
                    policy, root: root, extensions: extensions.factories, now: MadeUpHandshake.usualTime)
                results.append(PolicyTestRun.result(of: test, against: policy, on: rehearsal))
            } catch {
                // What a gateway could not start with either: said once, not by each test.
                refuse(place, "a gateway could not run this policy: \(error)")
                return
            }
        }
        guard !results.isEmpty else { return }
        for result in results { coverage.touch(result.touched) }
        report.files.append(
            TestFileReport(file: path, policies: place, results: results, duration: clock.now - start))
    }
}
