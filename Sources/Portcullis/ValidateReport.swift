import PolicyFile
import PolicyModel

/// What `validate --json` prints.
struct ValidateReport: Encodable {
    struct Problem: Encodable {
        var file: String
        /// Both counted from 1, the column in characters.
        var line: Int
        var column: Int
        /// The column behind the word that is wrong, where it is known.
        var endColumn: Int?
        var severity: String
        var message: String
        /// What to write in its place, where that is known.
        var suggestion: String?
    }

    /// Whether a gateway would run the policies.
    var valid: Bool
    var files: [String]
    /// The names of what the policies define; none where they are not valid.
    var listeners: [String]
    var upstreams: [String]
    var routes: [String]
    var diagnostics: [Problem]

    init(_ loaded: LoadedPolicy) {
        valid = loaded.policy != nil
        files = loaded.sources.map(\.name)
        listeners = loaded.policy?.listeners.map(\.name) ?? []
        upstreams = loaded.policy?.upstreams.map(\.name) ?? []
        routes = loaded.policy?.routes.map(\.name) ?? []
        diagnostics = loaded.diagnostics.map {
            Problem(
                file: $0.position.file, line: $0.position.line, column: $0.position.column, endColumn: $0.endColumn,
                severity: $0.severity.rawValue, message: $0.message, suggestion: $0.suggestion)
        }
    }
}
