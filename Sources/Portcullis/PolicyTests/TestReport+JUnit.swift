import PolicyFile
import PolicyModel

extension TestReport {
    /// JUnit's XML, as CI systems read it: a suite for each file, a case for each test. `errors`: what is wrong with files
    /// that could not be run, each of them a suite with one case.
    func junit(errors: [Diagnostic]) -> String {
        var broken: [String] = []
        var errorsByFile: [String: [Diagnostic]] = [:]
        for error in errors {
            let file = error.position.file
            if errorsByFile[file] == nil { broken.append(file) }
            errorsByFile[file, default: []].append(error)
        }
        var lines = [#"<?xml version="1.0" encoding="UTF-8"?>"#]
        lines.append(
            #"<testsuites tests="\#(results.count + broken.count)" failures="\#(failed.count)" "#
                + #"errors="\#(broken.count)" time="\#(Self.seconds(duration))">"#)
        for file in files {
            lines.append(
                #"  <testsuite name="\#(Self.escaped(file.file))" tests="\#(file.results.count)" "#
                    + #"failures="\#(file.failed.count)" time="\#(Self.seconds(file.duration))">"#)
            for result in file.results { lines += Self.lines(of: result, in: file.file) }
            lines.append("  </testsuite>")
        }
        for file in broken { lines += Self.lines(of: errorsByFile[file] ?? [], in: file) }
        return (lines + ["</testsuites>"]).joined(separator: "\n") + "\n"
    }

    private static func lines(of result: TestResult, in file: String) -> [String] {
        let name = #"    <testcase name="\#(escaped(result.test.name))" classname="\#(escaped(file))" "#
        let place = #"file="\#(escaped(file))" line="\#(result.test.position.line)""#
        guard !result.failures.isEmpty else { return [name + place + "/>"] }
        let texts = result.failures.map { failure in
            "\(failure.position): \(failure.subject)\nexpected: \(failure.expected)\nactual: \(failure.actual)"
        }
        let message = result.failures.map(\.subject).joined(separator: ", ")
        let body = texts.joined(separator: "\n\n")
        return [
            name + place + ">", #"      <failure message="\#(escaped(message))">\#(escaped(body))</failure>"#,
            "    </testcase>",
        ]
    }

    /// A file that could not be run.
    private static func lines(of errors: [Diagnostic], in file: String) -> [String] {
        let name = escaped(file)
        let message = escaped(errors.first?.message ?? "")
        let body = escaped(errors.map(\.description).joined(separator: "\n"))
        return [
            #"  <testsuite name="\#(name)" tests="1" failures="0" errors="1" time="0.000">"#,
            #"    <testcase name="can be run" classname="\#(name)" file="\#(name)" line="\#(errors.first?.position.line ?? 1)">"#,
            #"      <error message="\#(message)">\#(body)</error>"#, "    </testcase>", "  </testsuite>",
        ]
    }

    private static func seconds(_ duration: Duration) -> String {
        let milliseconds = duration.nanoseconds / 1_000_000
        let rest = "\(milliseconds % 1000)"
        return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }

    /// For text and attributes. What XML 1.0 has no place for (section 2.2) becomes U+FFFD.
    private static func escaped(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
            case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
            case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
            case "\t", "\n", "\r": escaped.append(scalar)
            case "\u{0}"..."\u{1f}", "\u{fffe}", "\u{ffff}": escaped.append("\u{fffd}")
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}
