import PolicyModel

/// A rule's `when`, as far as it could be read.
struct DecodedCondition {
    /// nil where it is wrong.
    var condition: MessageCondition?
    /// Whether `text.contains` is there, right or wrong.
    var hasTextContains = false
}

extension PolicyDecoder {
    func messageCondition(_ node: YAMLNode, hasToken: Bool) -> DecodedCondition {
        let keys = ["opcode", "size", "text", "json", "scope", "lacks_scope"]
        guard let fields = fields(node, of: "`when`", keys: keys, later: ["rate", "schema"]) else {
            return DecodedCondition(condition: nil, hasTextContains: true)
        }
        var condition = MessageCondition()
        condition.opcode = fields.choice("opcode", MessageCondition.Opcode.self)
        if let size = fields["size"] { decodeSize(size, into: &condition) }
        condition.textContains = fields.decoded("text", textContains)
        condition.json = fields.decoded("json", jsonTest)
        condition.scope = fields.decoded("scope") { scope($0, "scope") }
        condition.lacksScope = fields.decoded("lacks_scope") { scope($0, "lacks_scope") }
        if let scope = fields["scope"], !hasToken {
            refuse(
                scope.position,
                "no connection of this route has a scope, since it has no enforced `token`; this never holds")
        }
        if fields["text"] != nil, condition.opcode == .binary {
            refuse(
                fields.keyPosition("text"),
                "`text` looks at text messages only, so beside `opcode: binary` it never holds")
        }
        return DecodedCondition(condition: condition, hasTextContains: fields["text"] != nil)
    }

    private func decodeSize(_ node: YAMLNode, into condition: inout MessageCondition) {
        guard let fields = fields(node, of: "`size`", keys: ["over", "under"]) else { return }
        condition.sizeOver = fields.size("over", in: 0...1 << 30)
        condition.sizeUnder = fields.size("under", in: 1...1 << 30)
        if fields["over"] == nil, fields["under"] == nil {
            refuse(fields.position, "`size` needs `over` or `under`, such as `over: 16KiB`")
        }
        // Over 4 and under 5 is no number; the difference cannot overflow within these ranges.
        if let over = condition.sizeOver, let under = condition.sizeUnder, under - over < 2 {
            refuse(
                fields.position,
                "no size is both over \(Quantity.description(bytes: over)) and under \(Quantity.description(bytes: under))"
            )
        }
    }

    private func textContains(_ node: YAMLNode) -> String? {
        guard let fields = fields(node, of: "`text`", keys: ["contains"], later: ["matches"]) else { return nil }
        // Where a condition of a later version stands, that has been said.
        guard fields["contains"] != nil || fields["matches"] == nil else { return nil }
        return fields.required("contains") { text($0, "contains") }
    }

    /// An RFC 6901 pointer.
    func jsonPointer(_ node: YAMLNode, _ key: String) -> JSONPointer? {
        guard let text = string(node, key) else { return nil }
        if let pointer = JSONPointer(text) { return pointer }
        refuse(
            node.position,
            "\(quoted(text)) is no JSON pointer (RFC 6901): it begins with `/`, and `~` stands only in `~0` and `~1`")
        return nil
    }

    private func jsonTest(_ node: YAMLNode) -> MessageCondition.JSONTest? {
        guard
            let fields = fields(
                node, of: "`json`", keys: ["pointer", "equals"], later: ["matches", "exists", "in", "schema"])
        else { return nil }
        let pointer = fields.required("pointer", example: "/type") { jsonPointer($0, "pointer") }
        if fields["equals"] == nil, ["matches", "exists", "in", "schema"].contains(where: { fields[$0] != nil }) {
            return nil
        }
        guard let scalar = fields.required("equals", { jsonScalar($0, "equals") }), let pointer else { return nil }
        return MessageCondition.JSONTest(pointer: pointer, equals: scalar)
    }
}
