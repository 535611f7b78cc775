import PolicyModel

/// JSON whose members keep their order.
indirect enum SchemaValue: Sendable {
    case null
    case boolean(Bool)
    /// As JSON writes it.
    case number(String)
    case string(String)
    case list([SchemaValue])
    case object([(String, SchemaValue)])

    static func integer(_ value: Int) -> Self { .number("\(value)") }
    static func strings(_ values: [String]) -> Self { .list(values.map { .string($0) }) }

    /// What a YAML value is in JSON, by YAML 1.2's core schema; a number that JSON does not write is a text.
    init(_ node: YAMLNode) {
        switch node.content {
        case .sequence(let elements): self = .list(elements.map { SchemaValue($0) })
        case .mapping(let entries): self = .object(entries.map { ($0.key, SchemaValue($0.value)) })
        case .scalar(let text, _):
            switch node.scalarKind {
            case .null: self = .null
            case .boolean(let value): self = .boolean(value)
            case .integer: self = Int(text).map { .integer($0) } ?? .string(text)
            case .float: self = Double(text).flatMap { $0.isFinite ? .number("\($0)") : nil } ?? .string(text)
            default: self = .string(text)
            }
        }
    }

    /// Over several lines, two spaces a level; what holds no lists and objects stands in one.
    func text(indentation: String = "") -> String {
        let inner = indentation + "  "
        switch self {
        case .null: return "null"
        case .boolean(let value): return "\(value)"
        case .number(let text): return text
        case .string(let text): return "\"\(JSONTemplate.escaped(text))\""
        case .list(let elements):
            if elements.isEmpty { return "[]" }
            let parts = elements.map { $0.text(indentation: inner) }
            if elements.allSatisfy(\.isScalar) { return "[\(parts.joined(separator: ", "))]" }
            return "[\n\(parts.map { inner + $0 }.joined(separator: ",\n"))\n\(indentation)]"
        case .object(let members):
            if members.isEmpty { return "{}" }
            let parts = members.map { name, value in
                "\"\(JSONTemplate.escaped(name))\": \(value.text(indentation: inner))"
            }
            return "{\n\(parts.map { inner + $0 }.joined(separator: ",\n"))\n\(indentation)}"
        }
    }

    private var isScalar: Bool {
        switch self {
        case .list, .object: false
        case .null, .boolean, .number, .string: true
        }
    }
}
