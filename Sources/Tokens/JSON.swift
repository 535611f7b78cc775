/// JSON (RFC 8259) as tokens hold it: small, and read strictly, because two readers that take one text for two things are a hole.
package enum JSON {
    /// Arrays and objects inside one another.
    package static let maximumDepth = 32

    /// nil for anything but exactly one value: a name twice in an object, bytes that are not UTF-8, a lone surrogate,
    /// more than 30 combining marks in a row, a number out of `Double`'s range, text behind the value, or nesting past
    /// ``maximumDepth``.
    package static func decode(_ bytes: [UInt8]) -> ClaimValue? {
        var reader = JSONReader(bytes)
        return try? reader.document()
    }

    /// The shortest spelling, names in order of their characters, control characters escaped
    /// (also those that JSON allows), so that it can be shown on a terminal. A double that is not finite becomes null.
    package static func encode(_ value: ClaimValue) -> [UInt8] {
        var text = ""
        write(value, to: &text)
        return Array(text.utf8)
    }

    private static func write(_ value: ClaimValue, to text: inout String) {
        switch value {
        case .string(let string): write(string, to: &text)
        case .integer(let integer): text += String(integer)
        case .double(let double): text += double.isFinite ? String(double) : "null"
        case .boolean(let boolean): text += boolean ? "true" : "false"
        case .null: text += "null"
        case .array(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                write(value, to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, name) in members.keys.sorted().enumerated() {
                if index > 0 { text += "," }
                write(name, to: &text)
                text += ":"
                write(members[name] ?? .null, to: &text)
            }
            text += "}"
        }
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}":
                let digits = String(scalar.value, radix: 16, uppercase: true)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
