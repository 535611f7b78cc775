import PolicyModel

/// A value of a YAML document, with the place where it stands. Aliases are already what they stand for.
struct YAMLNode: Sendable {
    struct Entry: Sendable {
        let key: String
        let keyPosition: SourcePosition
        let value: YAMLNode
    }

    enum Content: Sendable {
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        /// In file order; no key stands twice.
        case mapping([Entry])
    }

    let content: Content
    let position: SourcePosition
    /// Nodes, this one and keys included, aliases expanded.
    let count: Int
    /// Collections inside of each other, this one included; 0 for a scalar.
    let height: Int
}

/// What a scalar means by YAML 1.2's core schema.
enum ScalarKind: Hashable {
    case string
    case integer
    case float
    case boolean(Bool)
    case null
}

extension YAMLNode {
    /// nil for lists and mappings.
    var scalarKind: ScalarKind? {
        guard case .scalar(let text, let isPlain) = content else { return nil }
        guard isPlain else { return .string }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .boolean(true)
        case "false", "False", "FALSE": return .boolean(false)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN":
            return .float
        default: return Self.numberKind(text) ?? .string
        }
    }

    /// What it is, for a message: "a list".
    var kindDescription: String {
        switch content {
        case .sequence: return "a list"
        case .mapping: return "a mapping"
        case .scalar(let text, _):
            switch scalarKind {
            case .null: return "an empty value"
            default: return quoted(text)
            }
        }
    }

    private static func numberKind(_ text: String) -> ScalarKind? {
        var rest = text.utf8[...]
        let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        let isHexDigit = { (byte: UInt8) in isDigit(byte) || (97...102).contains(byte | 0x20) }
        if text.hasPrefix("0x"), text.utf8.count > 2, rest.dropFirst(2).allSatisfy(isHexDigit) { return .integer }
        if text.hasPrefix("0o"), text.utf8.count > 2, rest.dropFirst(2).allSatisfy({ (48...55).contains($0) }) {
            return .integer
        }
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        if rest.isEmpty { return whole.isEmpty ? nil : .integer }
        var fractionCount = 0
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fractionCount = rest.prefix(while: isDigit).count
            rest = rest.dropFirst(fractionCount)
        }
        guard whole.count + fractionCount > 0 else { return nil }
        if let letter = rest.first, letter | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard !rest.isEmpty, rest.allSatisfy(isDigit) else { return nil }
            return .float
        }
        return rest.isEmpty ? .float : nil
    }
}
