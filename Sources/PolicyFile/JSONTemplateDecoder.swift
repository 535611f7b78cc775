import PolicyModel

extension PolicyDecoder {
    /// A YAML value as JSON, its texts with `${…}` variables. `groups`: what `${match.NAME}` may name.
    func jsonTemplate(_ node: YAMLNode, _ key: String, groups: [String]) -> JSONTemplate? {
        var parts: [Template.Part] = []
        guard write(node, key, groups, to: &parts) else { return nil }
        return JSONTemplate(Template(parts: parts))
    }

    /// False where it has been said what is wrong.
    private func write(_ node: YAMLNode, _ key: String, _ groups: [String], to parts: inout [Template.Part]) -> Bool {
        switch node.content {
        case .scalar:
            guard let scalar = jsonScalar(node, key) else { return false }
            return write(scalar, at: node.position, key, groups, to: &parts)
        case .sequence(let elements):
            parts.append(.literal("["))
            for (index, element) in elements.enumerated() {
                if index > 0 { parts.append(.literal(",")) }
                guard write(element, key, groups, to: &parts) else { return false }
            }
            parts.append(.literal("]"))
        case .mapping(let entries):
            parts.append(.literal("{"))
            for (index, entry) in entries.enumerated() {
                if index > 0 { parts.append(.literal(",")) }
                guard !entry.key.contains("${") else {
                    refuse(entry.keyPosition, "variables stand in values, and \(quoted(entry.key)) is a key")
                    return false
                }
                parts.append(.literal("\"\(JSONTemplate.escaped(entry.key))\":"))
                guard write(entry.value, key, groups, to: &parts) else { return false }
            }
            parts.append(.literal("}"))
        }
        return true
    }

    private func write(
        _ scalar: JSONScalar, at position: SourcePosition, _ key: String, _ groups: [String],
        to parts: inout [Template.Part]
    ) -> Bool {
        switch scalar {
        case .integer(let value): parts.append(.literal("\(value)"))
        case .double(let value): parts.append(.literal("\(value)"))
        case .boolean(let value): parts.append(.literal("\(value)"))
        case .null: parts.append(.literal("null"))
        case .string(let text):
            guard let template = template(parsing: text, at: position, "the value of `\(key)`", groups: groups) else {
                return false
            }
            parts.append(.literal("\""))
            parts += template.parts.map { part in
                if case .literal(let literal) = part { .literal(JSONTemplate.escaped(literal)) } else { part }
            }
            parts.append(.literal("\""))
        }
        return true
    }
}
