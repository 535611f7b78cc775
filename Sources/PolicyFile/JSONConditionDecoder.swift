import PolicyModel

extension PolicyDecoder {
    /// `json: { pointer: /type, equals: admin }`, and what else may be demanded there; all of it must hold.
    func jsonCondition(_ node: YAMLNode) -> MessageCondition? {
        let demands = ["equals", "in", "matches", "exists", "type", "over", "under"]
        guard let fields = fields(node, of: .json) else { return nil }
        let pointer = fields.required("pointer", example: "/type") { jsonPointer($0, "pointer") }
        var parts: [JSONDemand] = []
        if let scalar = fields.decoded("equals", { jsonScalar($0, "equals") }) { parts.append(.equals(scalar)) }
        if let scalars = fields.decoded("in", { scalars($0, "in", jsonScalar) }) { parts.append(.oneOf(scalars)) }
        if let pattern = fields.decoded("matches", { pattern($0, "matches") }) {
            parts.append(.matches(pattern.pattern.expression))
        }
        if let type = fields.choice("type", JSONDemand.ValueType.self) { parts.append(.type(type)) }
        let over = fields.decoded("over") { jsonNumber($0, "over") }
        let under = fields.decoded("under") { jsonNumber($0, "under") }
        if let over { parts.append(.over(over)) }
        if let under { parts.append(.under(under)) }
        if let over, let under, over.value >= under.value {
            refuse(fields.keyPosition("under"), "no number is both over \(over.value) and under \(under.value)")
        }
        let exists = fields.boolean("exists")
        if exists == true { parts.append(.exists) }
        guard demands.contains(where: { fields[$0] != nil }) else {
            if !demands.contains(where: fields.isMisspelt) {
                refuse(fields.position, "`json` needs one of \(alternatives(demands)), such as `equals: admin`")
            }
            return nil
        }
        if exists == false, !parts.isEmpty {
            refuse(
                fields.keyPosition("exists"),
                "what does not exist has no value: beside `exists: false` nothing else can be demanded")
        }
        guard let pointer else { return nil }
        if exists == false { return .not(.json(pointer, .exists)) }
        let conditions = parts.map { MessageCondition.json(pointer, $0) }
        return conditions.count == 1 ? conditions[0] : .all(conditions)
    }

    /// An RFC 6901 pointer.
    func jsonPointer(_ node: YAMLNode, _ key: String) -> JSONPointer? {
        guard let text = string(node, key) else { return nil }
        guard let pointer = JSONPointer(text) else {
            refuse(
                node.position,
                "\(quoted(text)) is no JSON pointer (RFC 6901): it begins with `/`, and `~` stands only in `~0` and `~1`"
            )
            return nil
        }
        guard pointer.tokens.count <= 256 else {
            refuse(node.position, "`\(key)` goes through \(pointer.tokens.count) levels, and 256 is the most")
            return nil
        }
        return pointer
    }

    /// A list of scalars that is not empty.
    func scalars(_ node: YAMLNode, _ key: String, _ value: (YAMLNode, String) -> JSONScalar?) -> [JSONScalar]? {
        guard let nodes = list(node, key) else { return nil }
        guard !nodes.isEmpty else {
            refuse(node.position, "`\(key)` is an empty list, and nothing is ever in it")
            return nil
        }
        let scalars = each(nodes) { value($0, key) }
        return scalars.count == nodes.count ? scalars : nil
    }

    private func jsonNumber(_ node: YAMLNode, _ key: String) -> JSONDemand.Number? {
        guard node.scalarKind == .integer || node.scalarKind == .float else {
            refuse(node.position, "`\(key)` must be a number, not \(node.kindDescription)")
            return nil
        }
        return switch jsonScalar(node, key) {
        case .integer(let value): .integer(value)
        case .double(let value): .double(value)
        default: nil
        }
    }
}

extension JSONDemand.Number {
    /// Rounded where 64 bits have more digits.
    fileprivate var value: Double {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        }
    }
}
