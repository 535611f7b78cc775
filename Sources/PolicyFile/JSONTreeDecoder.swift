import PolicyModel

extension PolicyDecoder {
    /// A YAML value as JSON.
    func jsonTree(_ node: YAMLNode, _ key: String) -> JSONTree? {
        switch node.content {
        case .scalar:
            return jsonScalar(node, key).map { scalar in
                switch scalar {
                case .string(let value): .string(value)
                case .integer(let value): .integer(value)
                case .double(let value): .double(value)
                case .boolean(let value): .boolean(value)
                case .null: .null
                }
            }
        case .sequence(let elements):
            let values = elements.compactMap { jsonTree($0, key) }
            return values.count == elements.count ? .array(values) : nil
        case .mapping(let entries):
            let members = entries.compactMap { entry in jsonTree(entry.value, key).map { (entry.key, $0) } }
            return members.count == entries.count
                ? .object(Dictionary(members, uniquingKeysWith: { first, _ in first })) : nil
        }
    }
}
