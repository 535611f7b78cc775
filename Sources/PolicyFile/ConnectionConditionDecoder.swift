import PolicyModel

extension PolicyDecoder {
    /// What one of the keys `subject`, `scope`, `lacks_scope`, `claim`, `path` and `query` demands of a connection.
    func connectionCondition(
        _ node: YAMLNode, _ key: String, at fields: Fields, of connections: ConnectionKnowledge
    ) -> MessageCondition? {
        switch key {
        case "subject":
            if !connections.hasSubject {
                refuse(
                    fields.keyPosition(key),
                    "nobody knows who a connection of this route is: it has neither an enforced `token` nor an `authorize` with `subject_header`"
                )
            }
            return demand(node, key, textValue).map { .connection(.subject($0)) }
        case "scope":
            if !connections.hasToken {
                refuse(
                    node.position,
                    "no connection of this route has a scope, since it has no enforced `token`; this never holds")
            }
            return scope(node, key).map { .connection(.scope($0)) }
        case "lacks_scope": return scope(node, key).map { .not(.connection(.scope($0))) }
        case "claim": return claim(node, connections)
        case "path": return demand(node, key, pathValue).map { .connection(.path($0)) }
        default: return query(node)
        }
    }

    private func claim(_ node: YAMLNode, _ connections: ConnectionKnowledge) -> MessageCondition? {
        guard let fields = fields(node, of: .claim) else { return nil }
        if !connections.hasToken {
            refuse(
                fields.position,
                "no connection of this route has claims, since it has no enforced `token`; this never holds")
        }
        let pointer = fields.required("pointer", example: "/role") { jsonPointer($0, "pointer") }
        let demand = demand(fields, of: "`claim`", Self.demandKeys + ["contains", "exists"]) { jsonScalar($0, $1) }
        guard let pointer, let demand else { return nil }
        return condition(demand) { .claim(pointer, $0) }
    }

    private func query(_ node: YAMLNode) -> MessageCondition? {
        let keys = Self.demandKeys + ["exists"]
        guard let fields = fields(node, of: .query) else { return nil }
        let name = fields.required("name", example: "room") { text($0, "name") }
        guard let name, let demand = demand(fields, of: "`query`", keys, textValue) else { return nil }
        return condition(demand) { .query(name, $0) }
    }

    private static var demandKeys: [String] { ["equals", "in", "matches"] }

    /// What a mapping demands, or that nothing is there.
    private enum Demand {
        case some(ValueDemand)
        case nothing
    }

    private func condition(_ demand: Demand, _ make: (ValueDemand) -> ConnectionCondition) -> MessageCondition {
        switch demand {
        case .some(let demand): .connection(make(demand))
        case .nothing: .not(.connection(make(.exists)))
        }
    }

    /// A text, a list of them, or a mapping such as `{ matches: PATTERN }`.
    private func demand(
        _ node: YAMLNode, _ key: String, _ value: (YAMLNode, String) -> JSONScalar?
    ) -> ValueDemand? {
        switch node.content {
        case .scalar: return value(node, key).map { .equals($0) }
        case .sequence: return scalars(node, key, value).map { .oneOf($0) }
        case .mapping:
            guard let fields = fields(node, of: .valueDemand, called: "`\(key)`"),
                case .some(let demand)? = demand(fields, of: "`\(key)`", Self.demandKeys, value)
            else { return nil }
            return demand
        }
    }

    /// What subjects, paths and queries are made of: a number would never be one of them.
    private func textValue(_ node: YAMLNode, _ key: String) -> JSONScalar? {
        string(node, key).map { .string($0) }
    }

    /// A path in any other spelling than that of requests would never be one of theirs.
    private func pathValue(_ node: YAMLNode, _ key: String) -> JSONScalar? {
        string(node, key).flatMap { path($0, at: node, key) }.map { .string($0) }
    }

    /// The one demand of a mapping, and how the values in it are read.
    private func demand(
        _ fields: Fields, of subject: String, _ keys: [String], _ value: (YAMLNode, String) -> JSONScalar?
    ) -> Demand? {
        let given = keys.filter { fields[$0] != nil }
        guard let key = given.first, let node = fields[key] else {
            if !keys.contains(where: fields.isMisspelt) {
                refuse(fields.position, "\(subject) needs \(alternatives(keys))")
            }
            return nil
        }
        if given.count > 1 {
            refuse(
                fields.keyPosition(given[1]),
                "\(subject) takes one of \(alternatives(keys)); write several conditions under `all`")
        }
        switch key {
        case "equals": return checked(node) { value($0, key) }.map { .some(.equals($0)) }
        case "in": return checked(node) { scalars($0, key, value) }.map { .some(.oneOf($0)) }
        case "contains": return checked(node) { value($0, key) }.map { .some(.contains($0)) }
        case "matches": return checked(node) { pattern($0, key) }.map { .some(.matches($0.pattern.expression)) }
        default: return checked(node) { boolean($0, key) }.map { $0 ? .some(.exists) : .nothing }
        }
    }
}
