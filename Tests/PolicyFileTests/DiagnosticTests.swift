import PolicyModel
import Testing

@testable import PolicyFile

struct DiagnosticTests {
    private static func diagnostic(_ file: String, _ line: Int, _ column: Int) -> Diagnostic {
        Diagnostic(position: SourcePosition(file: file, line: line, column: column), message: "m")
    }

    @Test("the form that editors know")
    func description() {
        #expect(Self.diagnostic("a.yaml", 3, 7).description == "a.yaml:3:7: error: m")
        let warning = Diagnostic(
            severity: .warning, position: SourcePosition(file: "a", line: 1, column: 1), message: "w")
        #expect(warning.description == "a:1:1: warning: w")
        #expect(
            PolicyFileError(diagnostics: [Self.diagnostic("a", 1, 2), warning]).description
                == "a:1:2: error: m\na:1:1: warning: w")
    }

    @Test("a file's name does not steer a terminal")
    func fileName() {
        #expect(Self.diagnostic("a\u{1b}[31m\n.yaml", 3, 7).description == "a\\u{1b}[31m\\u{a}.yaml:3:7: error: m")
    }

    @Test("by file, line, column, as numbers")
    func order() {
        let sorted = [("b", 1, 1), ("a", 10, 1), ("a", 9, 12), ("a", 9, 2)].map(Self.diagnostic).sorted()
        #expect(sorted.map { "\($0.position)" } == ["a:9:2", "a:9:12", "a:10:1", "b:1:1"])
    }
}
