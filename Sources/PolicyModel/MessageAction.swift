/// What a rule does with a message that its condition describes. `allow`, `drop`, `close` and `reply` end its way through the
/// rules; with all others it goes on to the next rule.
package enum MessageAction: Sendable, Hashable {
    /// No further rule is asked.
    case allow
    case drop
    /// Ends the connection; `reason` has at most 123 bytes of UTF-8.
    case close(code: UInt16, reason: String)
    /// Each match of the pattern gets this in its stead. `${match.NAME}` is what the pattern's group of that name has matched.
    case replace(TextPattern, with: Template)
    /// Puts a value where the pointer points, and leaves every other byte as it is.
    case set(JSONPointer, JSONTemplate)
    /// Takes out what the pointer points at, and leaves every other byte as it is.
    case remove(JSONPointer)
    /// Goes to the sender in the message's stead.
    case reply(Answer)
    /// Counts the messages that the condition describes: what becomes of more of them than there may be, the limit says.
    case limit(TrafficLimit)
    /// Counts, and with `payload` writes the message to the audit log, cut and marked.
    case log(payload: Bool)
    /// What does not fit the schema ends the connection with 1007, or is dropped.
    case schema(SchemaDemand)
    /// A message filter that the program brings along decides.
    case filter(ExtensionSettings)

    package enum Answer: Sendable, Hashable {
        case text(Template)
        case json(JSONTemplate)
    }
}

/// A JSON Schema (draft 2020-12) that messages must fit.
package struct SchemaDemand: Sendable, Hashable {
    package enum Failure: String, Sendable, CaseIterable {
        case close
        case drop
    }

    /// As the policy names it.
    package var file: String
    /// What stands in that file.
    package var bytes: [UInt8]
    /// Whether a keyword that is not known makes the schema invalid.
    package var isStrict: Bool
    package var onFailure: Failure

    package init(file: String, bytes: [UInt8], isStrict: Bool = true, onFailure: Failure = .close) {
        self.file = file
        self.bytes = bytes
        self.isStrict = isStrict
        self.onFailure = onFailure
    }
}

/// JSON whose strings may hold `${…}` variables.
package struct JSONTemplate: Sendable, Hashable {
    /// Literals are JSON's text; variables stand inside of strings alone.
    package var text: Template

    package init(_ text: Template) {
        self.text = text
    }

    /// A text as it stands between the quotes of a JSON string (RFC 8259 section 7).
    package static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                result.append("\\")
                result.append(scalar)
            case "\u{0}"..."\u{1f}", "\u{7f}":
                let digits = String(scalar.value, radix: 16)
                result.append(
                    contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}
