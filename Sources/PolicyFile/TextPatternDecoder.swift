import Inspection
import PolicyModel

/// A pattern, and what its groups are called.
struct DecodedPattern {
    var pattern: TextPattern
    var groups: [String] = []
}

extension PolicyDecoder {
    /// What `contains` and `matches` of a mapping say: at least one of them. nil where one of them is wrong.
    func textPatterns(_ node: YAMLNode) -> [DecodedPattern]? {
        guard let fields = fields(node, of: .text) else { return nil }
        guard let patterns = patterns(of: fields) else { return nil }
        if patterns.isEmpty {
            if !fields.isMisspelt("contains"), !fields.isMisspelt("matches") {
                refuse(fields.position, "`text` needs `contains` or `matches`, such as `contains: WORD`")
            }
            return nil
        }
        return patterns
    }

    /// The patterns of a mapping that has `contains` and `matches` among its keys.
    func patterns(of fields: Fields) -> [DecodedPattern]? {
        var patterns: [DecodedPattern] = []
        if let node = fields["contains"] {
            guard let text = checked(node, { text($0, "contains") }) else { return nil }
            patterns.append(DecodedPattern(pattern: .literal(text)))
        }
        if let node = fields["matches"] {
            guard let pattern = checked(node, { pattern($0, "matches") }) else { return nil }
            if Self.matchesBytes(pattern.pattern.expression) {
                refuse(
                    node.position,
                    "`\\C` is a byte, which may be a part of a character, and what is left of that would be no text; `(?s:.)` is any character"
                )
                return nil
            }
            patterns.append(pattern)
        }
        return patterns
    }

    /// Whether `\C` stands in an expression.
    private static func matchesBytes(_ expression: String) -> Bool {
        var isEscaped = false
        for byte in expression.utf8 {
            if isEscaped, byte == UInt8(ascii: "C") { return true }
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        }
        return false
    }

    /// An expression in RE2's syntax.
    func pattern(_ node: YAMLNode, _ key: String) -> DecodedPattern? {
        guard let text = text(node, key) else { return nil }
        do throws(PatternError) {
            let pattern = try Pattern(text)
            return DecodedPattern(pattern: TextPattern(text), groups: pattern.groupNames)
        } catch {
            refuse(node.position, "`\(key)` is no pattern that RE2 understands: \(error.message)")
            return nil
        }
    }
}
