import PolicyModel

/// What messages and headers hold, as a report shows it: nothing that could steer a terminal.
enum ShownText {
    /// In quotes, and cut.
    static func quoted(_ text: String) -> String { "\"\(cut(text.terminalSafe, of: text.utf8.count))\"" }

    /// Bytes in hexadecimal, cut.
    static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = bytes.prefix(64).map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0\(text)" : text
        }
        let rest = bytes.count > 64 ? "… (\(bytes.count) bytes)" : ""
        return digits.joined() + rest
    }

    /// JSON on one line, cut.
    static func cut(_ text: String, of bytes: Int) -> String {
        text.count > 200 ? "\(text.prefix(200))… (\(bytes) bytes)" : text
    }
}
