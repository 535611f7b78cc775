import PolicyModel

extension TestReport {
    /// JUnit's XML, as CI systems read it: a suite for each file, a case for each test.
    var junit: String {
        var lines = [#"<?xml version="1.0" encoding="UTF-8"?>"#]
        lines.append(
            #"<testsuites tests="\#(results.count)" failures="\#(failed.count)" time="\#(Self.seconds(duration))">"#)
        for file in files {
            lines.append(
                #"  <testsuite name="\#(Self.escaped(file.file))" tests="\#(file.results.count)" "#
                    + #"failures="\#(file.failed.count)" time="\#(Self.seconds(file.duration))">"#)
            for result in file.results { lines += Self.lines(of: result, in: file.file) }
            lines.append("  </testsuite>")
        }
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

    private static func seconds(_ duration: Duration) -> String {
        let milliseconds = duration.nanoseconds / 1_000_000
        let rest = "\(milliseconds % 1000)"
        return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }

    /// For text and attributes. XML 1.0 has no control characters but tab and line breaks; texts hold no others.
    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
