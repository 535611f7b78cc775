import PolicyModel

extension PolicyDecoder {
    /// A string; what YAML takes for a number or a boolean must be in quotes.
    func string(_ node: YAMLNode, _ key: String) -> String? {
        guard case .scalar(let text, _) = node.content else {
            refuse(node.position, "`\(key)` must be a text, not \(node.kindDescription)")
            return nil
        }
        switch node.scalarKind {
        case .string: return text
        case .null: refuse(node.position, "`\(key)` has no value")
        default:
            refuse(
                node.position,
                "`\(key)` must be a text, and YAML reads \(quoted(text)) as something else; put it in quotes")
        }
        return nil
    }

    /// A text whose form alone decides, so that quotes make no difference: `7` is as little an address as `"7"` is.
    func word(_ node: YAMLNode, _ key: String) -> String? {
        if case .scalar(let text, _) = node.content, node.scalarKind != .null { return text }
        return string(node, key)
    }

    /// A string that is not empty.
    func text(_ node: YAMLNode, _ key: String) -> String? {
        guard let text = string(node, key) else { return nil }
        if text.isEmpty {
            refuse(node.position, "`\(key)` must not be empty")
            return nil
        }
        return text
    }

    /// `true` or `false`.
    func boolean(_ node: YAMLNode, _ key: String) -> Bool? {
        if case .boolean(let value) = node.scalarKind { return value }
        var message = "`\(key)` must be `true` or `false`, not \(node.kindDescription)"
        var meant: String?
        if case .scalar(let text, _) = node.content { meant = Suggestion.value(for: text, among: ["true", "false"]) }
        if let meant { message += "; did you mean `\(meant)`?" }
        refuse(node.position, message, suggestion: meant)
        return nil
    }

    /// A whole decimal number.
    func integer(_ node: YAMLNode, _ key: String, in range: ClosedRange<Int>) -> Int? {
        guard node.scalarKind == .integer, case .scalar(let text, _) = node.content else {
            refuse(
                node.position,
                "`\(key)` must be a whole number from \(range.lowerBound) to \(range.upperBound), not \(node.kindDescription)"
            )
            return nil
        }
        // A number that is too long for Int is out of range as well; 0x10 and 0o17 are not decimal.
        guard let value = Int(text), range.contains(value) else {
            refuse(
                node.position, "`\(key)` must be from \(range.lowerBound) to \(range.upperBound), not \(quoted(text))")
            return nil
        }
        return value
    }

    /// A decimal number, whole or not.
    func number(_ node: YAMLNode, _ key: String, in range: ClosedRange<Double>) -> Double? {
        guard node.scalarKind == .integer || node.scalarKind == .float, case .scalar(let text, _) = node.content else {
            refuse(
                node.position,
                "`\(key)` must be a number from \(range.lowerBound) to \(range.upperBound), not \(node.kindDescription)"
            )
            return nil
        }
        // 0x10 and 0o17 are not decimal, and `.nan` is in no range.
        let isDecimal = text.utf8.allSatisfy { (48...57).contains($0) || "+-.eE".utf8.contains($0) }
        guard isDecimal, let value = Double(text), range.contains(value) else {
            refuse(
                node.position, "`\(key)` must be from \(range.lowerBound) to \(range.upperBound), not \(quoted(text))")
            return nil
        }
        return value
    }

    /// One of a few words.
    func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ node: YAMLNode, _ key: String, _ type: Choice.Type
    ) -> Choice? {
        let words = Choice.allCases.map(\.rawValue)
        guard case .scalar(let text, _) = node.content, let choice = Choice(rawValue: text) else {
            var message = "`\(key)` must be \(alternatives(words)), not \(node.kindDescription)"
            var meant: String?
            if case .scalar(let text, _) = node.content { meant = Suggestion.value(for: text, among: words) }
            if let meant { message += "; did you mean `\(meant)`?" }
            refuse(node.position, message, suggestion: meant)
            return nil
        }
        return choice
    }

    func list(_ node: YAMLNode, _ key: String) -> [YAMLNode]? {
        guard case .sequence(let elements) = node.content else {
            refuse(node.position, "`\(key)` must be a list, not \(node.kindDescription)")
            return nil
        }
        return elements
    }

    /// Names end up in logs and metrics, so they are kept plain.
    @discardableResult
    func checkName(_ name: String, _ position: SourcePosition, of subject: String) -> Bool {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isPlain, (1...64).contains(name.utf8.count) else {
            refuse(
                position,
                "\(quoted(name)) cannot be the name of \(subject): names have 1 to 64 letters, digits, `.`, `_` or `-`")
            return false
        }
        return true
    }
}
