import PolicyFile
import PolicyModel
import Testing

@testable import Portcullis

@Suite struct DiagnosticTextTests {
    private let sources = [PolicySource(name: "p.yaml", bytes: Array("routes: []\nmode: shadwo\n".utf8))]

    private func diagnostic(
        _ line: Int, _ column: Int, _ severity: Diagnostic.Severity = .error, file: String = "p.yaml"
    ) -> Diagnostic {
        var diagnostic = Diagnostic(
            severity: severity, position: SourcePosition(file: file, line: line, column: column), message: "wrong")
        diagnostic.endColumn = column + 6
        return diagnostic
    }

    @Test("the line that editors know stays as it is, and the file's line comes below it")
    func plain() {
        let text = DiagnosticText(sources, isColoured: false)
        #expect(
            text.lines(of: diagnostic(2, 7)) == [
                "p.yaml:2:7: error: wrong", "  2 | mode: shadwo", "    |       ^~~~~~",
            ])
    }

    @Test("a place that is in no file that was read has no line")
    func elsewhere() {
        let text = DiagnosticText(sources, isColoured: false)
        #expect(text.lines(of: diagnostic(2, 7, file: "q")) == ["q:2:7: error: wrong"])
        #expect(text.lines(of: diagnostic(9, 7)) == ["p.yaml:9:7: error: wrong"])
        #expect(DiagnosticText(sources, isColoured: true).lines(of: diagnostic(9, 7)).count == 1)
    }

    @Test("colours are around words, and change none")
    func coloured() {
        let text = DiagnosticText(sources, isColoured: true)
        #expect(
            text.lines(of: diagnostic(2, 7)) == [
                "\u{1b}[1mp.yaml:2:7:\u{1b}[0m \u{1b}[1;31merror:\u{1b}[0m wrong", "  2 | mode: shadwo",
                "    |       \u{1b}[1;31m^~~~~~\u{1b}[0m",
            ])
        #expect(text.lines(of: diagnostic(2, 7, .warning))[0].contains("\u{1b}[1;33mwarning:"))
    }

    @Test("how many there are")
    func count() {
        #expect(DiagnosticText.count(of: []) == nil)
        #expect(DiagnosticText.count(of: [diagnostic(1, 1)]) == "1 error")
        #expect(DiagnosticText.count(of: [diagnostic(1, 1), diagnostic(1, 2)]) == "2 errors")
        #expect(
            DiagnosticText.count(of: [diagnostic(1, 1), diagnostic(1, 2, .warning), diagnostic(1, 3, .warning)])
                == "1 error, 2 warnings")
    }
}
