import PolicyModel

extension TestReport {
    /// For people: a line for each file, then what has failed, what no test has touched, and the sums.
    func lines(_ style: TerminalStyle) -> [String] {
        var lines = fileLines(style)
        for file in files {
            for result in file.failed { lines += [""] + Self.lines(of: result, style) }
        }
        if !untouched.isEmpty {
            lines += ["", "not touched by any test:"]
            lines += untouched.map { "  \($0.position): \($0.name)" }
        }
        return lines + ["", summary(style)]
    }

    private func fileLines(_ style: TerminalStyle) -> [String] {
        var table = TextTable([])
        for file in files {
            let failed = file.failed.count
            table.add([
                failed == 0 ? "ok" : "FAIL", file.file.terminalSafe,
                counted(file.results.count, "test") + (failed == 0 ? "" : ", \(failed) failed"),
                "(\(file.duration.shown))",
            ])
        }
        return zip(files, table.lines.dropFirst()).map { file, line in
            file.failed.isEmpty ? style.good(line, first: 2) : style.bad(line, first: 4)
        }
    }

    private static func lines(of result: TestResult, _ style: TerminalStyle) -> [String] {
        let test = result.test
        let file = test.position.file.terminalSafe
        var lines = [style.bad("FAIL \(file):\(test.position.line): \(test.name)", first: 4)]
        for failure in result.failures {
            lines.append("  \(failure.position): \(failure.subject)")
            lines.append("    expected: \(failure.expected)")
            lines.append("    actual:   \(failure.actual)")
            lines += failure.difference.map { line in
                switch line {
                case .same(let text): "        \(text)"
                case .onlyExpected(let text): style.bad("      - \(text)")
                case .onlyActual(let text): style.good("      + \(text)")
                case .left(let count): "        … \(counted(count, "line")) that both have"
                }
            }
        }
        return lines
    }

    /// `2 files, 31 tests: 30 passed, 1 failed; 27 of 28 rules touched (25 ms)`
    private func summary(_ style: TerminalStyle) -> String {
        let failed = failed.count
        var text = "\(counted(files.count, "file")), \(counted(results.count, "test")): "
        text += "\(results.count - failed) passed, "
        text += failed == 0 ? "0 failed" : style.bad("\(failed) failed")
        if let coverage {
            let all = coverage.parts.count
            text += "; \(all - untouched.count) of \(counted(all, "rule")) touched"
        }
        return text + " (\(duration.shown))"
    }
}
