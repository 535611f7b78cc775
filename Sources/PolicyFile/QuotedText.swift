import PolicyModel

/// Text out of a policy file as a message shows it: in backticks, cut to 60 characters, and without any character that
/// could steer a terminal.
func quoted(_ text: String) -> String {
    let kept = text.unicodeScalars.prefix(60)
    let rest = kept.endIndex < text.endIndex ? "…" : ""
    return "`\(String(kept).terminalSafe)\(rest)`"
}

/// `a`, `b` or `c`, each in backticks.
func alternatives(_ words: [String]) -> String {
    guard let last = words.last else { return "nothing" }
    let rest = words.dropLast().map { "`\($0)`" }.joined(separator: ", ")
    return rest.isEmpty ? "`\(last)`" : "\(rest) or `\(last)`"
}
