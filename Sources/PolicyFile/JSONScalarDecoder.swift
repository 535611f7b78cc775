import PolicyModel

extension PolicyDecoder {
    /// What a JSON value is compared with. YAML's kinds are JSON's; what the two write differently is refused.
    func jsonScalar(_ node: YAMLNode, _ key: String) -> JSONScalar? {
        guard case .scalar(let text, let isPlain) = node.content, let kind = node.scalarKind else {
            refuse(node.position, "`\(key)` must be a text, a number, true, false or null, not \(node.kindDescription)")
            return nil
        }
        switch kind {
        case .boolean(let value): return .boolean(value)
        case .null where text.isEmpty:
            refuse(node.position, "`\(key)` has no value; write null if that is meant, or \"\" for an empty text")
            return nil
        case .null: return .null
        case .integer:
            if let value = Int64(text), isPlainDecimal(text) { return .integer(value) }
        case .float:
            if let value = Double(text), value.isFinite { return .double(value) }
        case .string:
            guard isPlain, ["yes", "no", "on", "off", "y", "n"].contains(text.lowercased()) else {
                return .string(text)
            }
            refuse(
                node.position,
                "\(quoted(text)) is a text in some versions of YAML and a boolean in others; put it in quotes, or write true or false"
            )
            return nil
        }
        refuse(node.position, "\(quoted(text)) is no JSON number of 64 bits; if a text is meant, put it in quotes")
        return nil
    }

    /// JSON has no `+1` and no `01`.
    private func isPlainDecimal(_ text: String) -> Bool {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        return digits == "0" || (digits.first != "0" && digits.first != "+")
    }
}
