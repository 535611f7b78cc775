/// What messages and headers hold, as a report shows it: nothing that could steer a terminal.
enum ShownText {
    /// With every control or format character escaped.
    static func plain(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                shown.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            default: shown.append(scalar)
            }
        }
        return String(shown)
    }

    /// In quotes, and cut.
    static func quoted(_ text: String) -> String { "\"\(cut(plain(text), of: text.utf8.count))\"" }

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
