import PolicyFile
import PolicyModel

/// What is wrong with policies as people read it: each diagnostic in a line that editors know, and below it the line of the
/// file with a mark under the place.
struct DiagnosticText {
    private let lines: [String: SourceLines]
    private let isColoured: Bool

    init(_ sources: [PolicySource], isColoured: Bool) {
        lines = Dictionary(sources.map { ($0.name, SourceLines($0)) }) { first, _ in first }
        self.isColoured = isColoured
    }

    /// Without a line break at the end of the last one.
    func lines(of diagnostic: Diagnostic) -> [String] {
        let excerpt = lines[diagnostic.position.file].flatMap { SourceExcerpt(of: diagnostic, in: $0) }
        guard isColoured else { return ["\(diagnostic)"] + (excerpt?.lines ?? []) }
        let colour = diagnostic.severity == .error ? Colour.red : Colour.yellow
        let first =
            Colour.bold.around("\(diagnostic.position):") + " " + colour.around("\(diagnostic.severity.rawValue):")
            + " " + diagnostic.message
        guard let excerpt, let mark = excerpt.lines.last, mark.hasSuffix(excerpt.mark) else { return [first] }
        return [first, excerpt.lines[0], mark.dropLast(excerpt.mark.count) + colour.around(excerpt.mark)]
    }

    /// `2 errors, 1 warning`; nil where there is nothing wrong.
    static func count(of diagnostics: [Diagnostic]) -> String? {
        let errors = diagnostics.count { $0.severity == .error }
        let warnings = diagnostics.count - errors
        let parts = [(errors, "error"), (warnings, "warning")].filter { $0.0 > 0 }
        guard !parts.isEmpty else { return nil }
        return parts.map { "\($0) \($1)\($0 == 1 ? "" : "s")" }.joined(separator: ", ")
    }

    private enum Colour: String {
        case bold = "1"
        case red = "1;31"
        case yellow = "1;33"

        func around(_ text: some StringProtocol) -> String { "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" }
    }
}
