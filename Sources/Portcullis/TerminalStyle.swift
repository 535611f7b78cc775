/// Colours for people, where they see them (ECMA-48 section 8.3.117). Text of somebody else's is made safe before it is
/// coloured: afterwards the colours would be escaped with it.
struct TerminalStyle {
    /// Whether anything is coloured.
    let isColoured: Bool

    /// Green; only the `first` characters where that is given.
    func good(_ text: String, first: Int? = nil) -> String { colour(text, "32", first) }

    /// Red.
    func bad(_ text: String, first: Int? = nil, isBold: Bool = false) -> String {
        colour(text, isBold ? "1;31" : "31", first)
    }

    /// Yellow.
    func odd(_ text: String, isBold: Bool = false) -> String { colour(text, isBold ? "1;33" : "33") }

    func faint(_ text: String) -> String { colour(text, "2") }

    func bold(_ text: String) -> String { colour(text, "1") }

    private func colour(_ text: String, _ code: String, _ first: Int? = nil) -> String {
        guard isColoured else { return text }
        let part = text.prefix(first ?? text.count)
        return "\u{1b}[\(code)m\(part)\u{1b}[0m\(text.dropFirst(part.count))"
    }
}
