/// libyaml's complaints, with what an operator most likely has to do.
enum YAMLSyntaxHint {
    /// The place and the message of `error`, which was found in `bytes`.
    static func explain(_ error: YAMLSyntaxError, in bytes: [UInt8]) -> (mark: YAMLMark, message: String) {
        let mark = error.mark ?? Self.mark(ofByte: error.offset, in: bytes)
        var message = "not valid YAML: \(error.problem)"
        if let context = error.context { message += " \(context)" }
        if let hint = hint(error, at: mark, in: bytes) { message += "; \(hint)" }
        return (mark, message)
    }

    private static func hint(_ error: YAMLSyntaxError, at mark: YAMLMark, in bytes: [UInt8]) -> String? {
        let character = character(at: mark, in: bytes)
        switch error.problem {
        case "found character that cannot start any token":
            return character == UInt8(ascii: "\t")
                ? "indent with spaces, not with tabs"
                : "put a value that begins with such a character in quotes"
        case "found a tab character that violates indentation",
            "found a tab character where an indentation space is expected":
            return "indent with spaces, not with tabs"
        case "did not find expected alphabetic or numeric character":
            return "put a text that begins with `*` or `&` in quotes"
        case "mapping values are not allowed in this context":
            return "check the indentation, and put a text that holds `: ` in quotes"
        case "did not find expected ',' or '}'", "did not find expected ',' or ']'":
            return "put a text that holds one of `{ } [ ] ,` in quotes, and check that each bracket is closed"
        case "did not find expected key", "could not find expected ':'", "did not find expected '-' indicator":
            return "check the indentation of this line and of those before it"
        case let problem where problem.contains("UTF-8") || problem.contains("control characters"):
            return "save the file as UTF-8 text"
        default:
            return nil
        }
    }

    /// The byte at a place; nil behind the end, and 0 within other than ASCII text.
    private static func character(at mark: YAMLMark, in bytes: [UInt8]) -> UInt8? {
        let lines = bytes.split(
            separator: UInt8(ascii: "\n"), maxSplits: mark.line, omittingEmptySubsequences: false)
        guard mark.line <= lines.count else { return nil }
        let text = String(decoding: lines[mark.line - 1], as: UTF8.self)
        return text.unicodeScalars.dropFirst(mark.column - 1).first.map { $0.isASCII ? UInt8(ascii: $0) : 0 }
    }

    private static func mark(ofByte offset: Int, in bytes: [UInt8]) -> YAMLMark {
        let before = bytes.prefix(max(0, offset))
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let column = String(decoding: before[lineStart...], as: UTF8.self).unicodeScalars.count + 1
        return YAMLMark(line: line, column: column)
    }
}
