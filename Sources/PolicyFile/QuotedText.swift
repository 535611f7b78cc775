/// Text out of a policy file as a message shows it: in backticks, cut to 60 characters, and without any character that
/// could steer a terminal.
func quoted(_ text: String) -> String {
    var shown = ""
    var count = 0
    for scalar in text.unicodeScalars {
        guard count < 60 else { return "`\(shown)…`" }
        count += 1
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
            shown += "\\u{\(String(scalar.value, radix: 16))}"
        default:
            shown.unicodeScalars.append(scalar)
        }
    }
    return "`\(shown)`"
}

/// `a`, `b` or `c`, each in backticks.
func alternatives(_ words: [String]) -> String {
    guard let last = words.last else { return "nothing" }
    let rest = words.dropLast().map { "`\($0)`" }.joined(separator: ", ")
    return rest.isEmpty ? "`\(last)`" : "\(rest) or `\(last)`"
}
