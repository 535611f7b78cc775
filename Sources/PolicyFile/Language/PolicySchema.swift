/// The JSON Schema (draft 2020-12) of the policy language, for completion and hover in editors and for programs that write policies.
///
/// It accepts every policy that the decoder does, and refuses unknown keys, values of a wrong kind and keys that are missing; what
/// several places must agree on is seen by the decoder alone.
package enum PolicySchema {
    /// JSON, with a line break at its end. `extensions` are entries and actions beside the built-ins, whose settings are theirs.
    package static func text(extensions: ExtensionCatalog = ExtensionCatalog()) -> String {
        let definitions = PolicyMapping.allCases.map { mapping -> (String, SchemaValue) in
            let added: [ExtensionCatalog.Item] =
                switch mapping {
                case .middlewareEntry: extensions.middleware
                case .action: extensions.filters
                default: []
                }
            return (mapping.rawValue, schema(of: mapping, adding: added.map(\.name)))
        }
        let root: SchemaValue = .object([
            ("$schema", .string("https://json-schema.org/draft/2020-12/schema")),
            ("title", .string("Portcullis policy")), ("$ref", reference(.policy)), ("$defs", .object(definitions)),
        ])
        return root.text() + "\n"
    }

    private static func reference(_ mapping: PolicyMapping) -> SchemaValue { .string("#/$defs/\(mapping.rawValue)") }

    private static func schema(of mapping: PolicyMapping, adding names: [String]) -> SchemaValue {
        let description = mapping.description
        var members: [(String, SchemaValue)] = [
            ("title", .string(description.subject)), ("description", .string(description.meaning)),
        ]
        if description.isChoice {
            let choices =
                description.keys.map(choice)
                + names.map { object([($0, .object([]))], required: [$0], title: $0) }
            members += [("type", .string("object")), ("oneOf", .list(choices))]
        } else {
            members += objectMembers(
                description.keys.map { ($0.name, schema(of: $0)) },
                required: description.keys.filter(\.isRequired).map(\.name))
            members += demands(description.demands)
        }
        return .object(members)
    }

    /// A mapping with this key alone, or with those beside it that it may have.
    private static func choice(_ key: KeyDescription) -> SchemaValue {
        if let alternative = key.alternative { return .object([("$ref", reference(alternative))]) }
        return object([(key.name, schema(of: key))], required: [key.name], title: key.name)
    }

    private static func object(
        _ properties: [(String, SchemaValue)], required: [String], title: String
    ) -> SchemaValue {
        .object([("title", .string(title))] + objectMembers(properties, required: required))
    }

    private static func objectMembers(
        _ properties: [(String, SchemaValue)], required: [String]
    ) -> [(String, SchemaValue)] {
        var members: [(String, SchemaValue)] = [("type", .string("object")), ("properties", .object(properties))]
        if !required.isEmpty { members.append(("required", .strings(required))) }
        return members + [("additionalProperties", .boolean(false))]
    }

    private static func demands(_ demands: [KeyDemand]) -> [(String, SchemaValue)] {
        let parts = demands.map { demand -> SchemaValue in
            func present(_ keys: [String]) -> SchemaValue {
                .list(keys.map { .object([("required", .strings([$0]))]) })
            }
            return switch demand {
            case .atLeastOne(let keys): .object([("anyOf", present(keys))])
            case .exactlyOne(let keys): .object([("oneOf", present(keys))])
            }
        }
        return parts.isEmpty ? [] : [("allOf", .list(parts))]
    }

    private static func schema(of key: KeyDescription) -> SchemaValue {
        var meaning = key.meaning
        var members: [(String, SchemaValue)] = []
        switch key.absence {
        case .required: break
        case .value(let text):
            if let value = PolicyReference.value(text) { members.append(("default", value)) }
        case .words(""): break
        case .words(let words): meaning += " Without it: \(words)."
        }
        let title = PolicyReference.plainWords(key.kind)
        return .object(
            [("title", .string("\(key.name): \(title)")), ("description", .string(meaning))] + members
                + self.members(of: key.kind))
    }

    private static func members(of kind: ValueKind) -> [(String, SchemaValue)] {
        switch kind {
        case .text: return [("type", .string("string")), ("minLength", .integer(1))]
        case .string: return [("type", .string("string"))]
        case .form(let form): return members(of: form)
        case .boolean: return [("type", .string("boolean"))]
        case .yes: return [("const", .boolean(true))]
        case .integer(let range):
            return [
                ("type", .string("integer")), ("minimum", .integer(range.lowerBound)),
                ("maximum", .integer(range.upperBound)),
            ]
        case .duration: return members(of: .duration)
        case .size: return members(of: .size)
        case .choice(let words):
            // `1.2` and `null` are taken as they are written, whatever YAML reads them as.
            let others = words.compactMap { word -> SchemaValue? in
                if case .string? = PolicyReference.value(word) { nil } else { PolicyReference.value(word) }
            }
            return [("enum", .list(words.map { .string($0) } + others))]
        case .number: return [("type", .string("number"))]
        case .scalar: return [("type", .strings(["string", "number", "boolean", "null"]))]
        case .value: return []
        case .list(let element, let minimum):
            let items: [(String, SchemaValue)] = [("type", .string("array")), ("items", .object(members(of: element)))]
            return items + (minimum > 0 ? [("minItems", .integer(minimum))] : [])
        case .mapping(let mapping): return [("$ref", reference(mapping))]
        case .named(let value, let names):
            return [
                ("type", .string("object")), ("propertyNames", .object(members(of: names))),
                ("additionalProperties", .object(members(of: value))),
            ]
        case .either(let kinds): return [("anyOf", .list(kinds.map { .object(members(of: $0)) }))]
        }
    }

    private static func members(of form: TextForm) -> [(String, SchemaValue)] {
        var members: [(String, SchemaValue)] = [("type", .string("string"))]
        if let pattern = form.pattern { members.append(("pattern", .string(pattern))) }
        if !form.examples.isEmpty { members.append(("examples", .strings(form.examples))) }
        return members
    }
}
