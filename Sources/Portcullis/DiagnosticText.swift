import PolicyFile
import PolicyModel

/// What is wrong with policies as people read it: each diagnostic in a line that editors know, and below it the line of the
/// file with a mark under the place.
struct DiagnosticText {
    private let lines: [String: SourceLines]
    private let style: TerminalStyle

    init(_ sources: [PolicySource], isColoured: Bool) {
        lines = Dictionary(sources.map { ($0.name, SourceLines($0)) }) { first, _ in first }
        style = TerminalStyle(isColoured: isColoured)
    }

    /// Without a line break at the end of the last one.
    func lines(of diagnostic: Diagnostic) -> [String] {
        let excerpt = lines[diagnostic.position.file].flatMap { SourceExcerpt(of: diagnostic, in: $0) }
        let place = style.bold("\(diagnostic.position):")
        let severity = coloured("\(diagnostic.severity.rawValue):", diagnostic.severity)
        let first = "\(place) \(severity) \(diagnostic.message)"
        guard let excerpt, let mark = excerpt.lines.last, mark.hasSuffix(excerpt.mark) else { return [first] }
        let below = "\(mark.dropLast(excerpt.mark.count))\(coloured(excerpt.mark, diagnostic.severity))"
        return [first, excerpt.lines[0], below]
    }

    private func coloured(_ text: String, _ severity: Diagnostic.Severity) -> String {
        severity == .error ? style.bad(text, isBold: true) : style.odd(text, isBold: true)
    }

    /// `2 errors, 1 warning`; nil where there is nothing wrong.
    static func count(of diagnostics: [Diagnostic]) -> String? {
        let errors = diagnostics.count { $0.severity == .error }
        let warnings = diagnostics.count - errors
        let parts = [(errors, "error"), (warnings, "warning")].filter { $0.0 > 0 }
        guard !parts.isEmpty else { return nil }
        return parts.map { counted($0, $1) }.joined(separator: ", ")
    }
}
