/// A JSON value (RFC 8259), as a policy test writes one.
package enum JSONTree: Sendable {
    case string(String)
    case integer(Int64)
    /// Finite.
    case double(Double)
    case boolean(Bool)
    case null
    case array([JSONTree])
    case object([String: JSONTree])

    /// On one line, names in order of their characters.
    package var text: String {
        switch self {
        case .string(let string): return Self.quoted(string)
        case .integer(let integer): return "\(integer)"
        case .double(let double): return "\(double)"
        case .boolean(let boolean): return "\(boolean)"
        case .null: return "null"
        case .array(let values): return "[\(values.map(\.text).joined(separator: ","))]"
        case .object(let members):
            let texts = members.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)):\($0.value.text)" }
            return "{\(texts.joined(separator: ","))}"
        }
    }

    /// A value or a bracket on each line, names in order, so that two values can be compared line by line.
    package var lines: [String] {
        switch self {
        case .array(let values) where !values.isEmpty:
            return Self.lines("[", values.map(\.lines), "]")
        case .object(let members) where !members.isEmpty:
            let inner = members.sorted { $0.key < $1.key }.map { name, value in
                let lines = value.lines
                return ["\(Self.quoted(name)): \(lines[0])"] + lines.dropFirst()
            }
            return Self.lines("{", inner, "}")
        default: return [text]
        }
    }

    private static func lines(_ opening: String, _ parts: [[String]], _ closing: String) -> [String] {
        var result = [opening]
        for (index, part) in parts.enumerated() {
            var part = part.map { "  \($0)" }
            if index < parts.count - 1, let last = part.popLast() { part.append(last + ",") }
            result += part
        }
        return result + [closing]
    }

    private static func quoted(_ text: String) -> String { "\"\(JSONTemplate.escaped(text))\"" }
}

extension JSONTree: Equatable {
    /// By value: numbers as numbers, so that 1 is 1.0, and texts by their bytes.
    package static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        case (.integer(let left), .integer(let right)): left == right
        case (.double(let left), .double(let right)): left == right
        case (.integer(let integer), .double(let double)), (.double(let double), .integer(let integer)):
            Int64(exactly: double) == integer
        case (.boolean(let left), .boolean(let right)): left == right
        case (.null, .null): true
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}
