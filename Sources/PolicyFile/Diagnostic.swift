package import PolicyModel

/// Something wrong with a policy, and what to do about it.
package struct Diagnostic: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Severity: String, Sendable {
        /// The policy is not used.
        case error
        /// The policy is used; somebody should know nevertheless.
        case warning
    }

    package let severity: Severity
    package let position: SourcePosition
    /// The column behind what is wrong, where that is one word in the line of `position`; nil where it is not.
    package var endColumn: Int?
    /// One line without control characters: text that comes from a file is escaped and cut.
    package let message: String
    /// What to write in place of the word at `position`, where that is known; `message` has it, too.
    package let suggestion: String?

    package init(severity: Severity = .error, position: SourcePosition, message: String, suggestion: String? = nil) {
        self.severity = severity
        self.position = position
        self.message = message
        self.suggestion = suggestion
    }

    /// `FILE:LINE:COLUMN: error: MESSAGE`
    package var description: String { "\(position): \(severity.rawValue): \(message)" }
}

extension Diagnostic: Comparable {
    /// By file, line, column.
    package static func < (left: Self, right: Self) -> Bool {
        left.sortKey < right.sortKey
    }

    private var sortKey: (String, Int, Int, String) {
        (position.file, position.line, position.column, message)
    }
}

/// Policies that cannot be used, with all that is wrong with them.
package struct PolicyFileError: Error, Sendable, CustomStringConvertible {
    /// By file, line, column; never empty, and at least one of them is an error.
    package let diagnostics: [Diagnostic]

    package init(diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    /// One diagnostic a line.
    package var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}
