import PolicyModel

/// A place in a policy or test file, in what a command prints as JSON.
struct ReportedPlace: Encodable {
    let file: String
    /// Both counted from 1, the column in characters.
    let line: Int
    let column: Int

    init(_ position: SourcePosition) {
        (file, line, column) = (position.file, position.line, position.column)
    }
}
