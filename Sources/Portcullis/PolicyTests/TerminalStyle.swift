import Foundation

/// Colours for people, where they see them.
struct TerminalStyle {
    /// Whether anything is coloured.
    let isColoured: Bool

    /// For standard output: a terminal, unless `NO_COLOR` says no (no-color.org) or the terminal is a dumb one.
    static var standardOutput: TerminalStyle {
        let environment = ProcessInfo.processInfo.environment
        let isAllowed = environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
        return TerminalStyle(isColoured: isAllowed && isatty(FileHandle.standardOutput.fileDescriptor) == 1)
    }

    /// Green; only the `first` characters where that is given.
    func good(_ text: String, first: Int? = nil) -> String { colour(text, "32", first) }

    /// Red.
    func bad(_ text: String, first: Int? = nil) -> String { colour(text, "31", first) }

    private func colour(_ text: String, _ code: String, _ first: Int?) -> String {
        guard isColoured else { return text }
        let part = text.prefix(first ?? text.count)
        return "\u{1b}[\(code)m\(part)\u{1b}[0m\(text.dropFirst(part.count))"
    }
}
