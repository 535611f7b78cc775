internal import CInspection

extension SchemaValidator {
    /// Core, sections 8.2.3.1, 10.2 and 11: an application of the rule `owner`.
    mutating func apply(
        _ position: Int, of owner: Int32, _ node: Int, _ schema: JSONSchema, _ document: borrowing JSONDocument
    ) -> Bool {
        let application = schema.program.applied[position]
        switch application.kind {
        case .reference: return check(application.first, node, schema, document, for: .reference)
        case .all: return check(application.first, node, schema, document, for: .allOf)
        case .any: return checkAny(application, node, schema, document) || fail(.anyOf, node)
        case .one: return checkOne(application, node, schema, document) || fail(.oneOf, node)
        case .not: return !probe(application.first, node, schema, document) || fail(.not, node)
        case .condition:
            let matches = probe(application.first, node, schema, document)
            let next = matches ? application.second : application.third
            return next < 0 || check(next, node, schema, document, for: matches ? .then : .otherwise)
        case .unevaluatedProperties:
            guard document[node].kind == INSPECTION_NODE_OBJECT.rawValue else { return true }
            return checkUnevaluated(application.first, of: owner, node, schema, document, for: .unevaluatedProperties)
        case .unevaluatedItems:
            guard document[node].kind == INSPECTION_NODE_ARRAY.rawValue else { return true }
            return checkUnevaluated(application.first, of: owner, node, schema, document, for: .unevaluatedItems)
        }
    }

    private mutating func checkAny(
        _ application: SchemaApplication, _ node: Int, _ schema: JSONSchema, _ document: borrowing JSONDocument
    ) -> Bool {
        for alternative in Int(application.first)..<Int(application.second)
        where check(schema.program.lists[alternative], node, schema, document, for: .anyOf) {
            return true
        }
        return false
    }

    private mutating func checkOne(
        _ application: SchemaApplication, _ node: Int, _ schema: JSONSchema, _ document: borrowing JSONDocument
    ) -> Bool {
        var matches = 0
        for alternative in Int(application.first)..<Int(application.second)
        where probe(schema.program.lists[alternative], node, schema, document) {
            matches += 1
            if matches > 1 { return false }
        }
        return matches == 1
    }

    /// Whether a value matches a rule, where a message may pass because it does not.
    private mutating func probe(_ rule: Int32, _ node: Int, _ schema: JSONSchema, _ document: borrowing JSONDocument)
        -> Bool
    {
        inversions += 1
        defer { inversions -= 1 }
        return check(rule, node, schema, document, for: .not)
    }
}
