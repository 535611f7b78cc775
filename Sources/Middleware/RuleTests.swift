import Inspection
import PolicyModel

/// The tests that the rules of one direction ask for; those of messages, each of them once.
struct RuleTests {
    private(set) var patterns: [TextPattern] = []
    private(set) var json: [JSONPointerTest] = []
    private(set) var prefixes: [[UInt8]] = []
    private(set) var connection: [ConnectionTest] = []
    private var patternNumbers: [PatternKey: Int] = [:]
    private var jsonNumbers: [JSONKey: Int] = [:]
    private var prefixNumbers: [[UInt8]: Int] = [:]

    // Bytes beside texts: texts are equal that show the same characters (é, and e with an accent behind it), but a message
    // has the bytes of one of them.

    private struct PatternKey: Hashable {
        let bytes: [UInt8]
        let isLiteral: Bool
    }

    private struct JSONKey: Hashable {
        let pointer: [[UInt8]]
        let demand: JSONDemand
        let demanded: [[UInt8]]
    }

    mutating func number(of pattern: TextPattern) -> Int {
        let key = PatternKey(bytes: Array(pattern.expression.utf8), isLiteral: pattern.isLiteral)
        if let known = patternNumbers[key] { return known }
        patterns.append(pattern)
        patternNumbers[key] = patterns.count - 1
        return patterns.count - 1
    }

    mutating func number(of pointer: JSONPointer, _ demand: JSONDemand) throws(PatternError) -> Int {
        let key = JSONKey(
            pointer: pointer.tokens.map { Array($0.utf8) }, demand: demand,
            demanded: demand.texts.map { Array($0.utf8) })
        if let known = jsonNumbers[key] { return known }
        json.append(JSONPointerTest(pointer: pointer.tokens, predicate: try JSONPredicate(demand)))
        jsonNumbers[key] = json.count - 1
        return json.count - 1
    }

    /// A test that no policy writes.
    mutating func append(_ test: JSONPointerTest) -> Int {
        json.append(test)
        return json.count - 1
    }

    mutating func number(of prefix: [UInt8]) -> Int {
        if let known = prefixNumbers[prefix] { return known }
        prefixes.append(prefix)
        prefixNumbers[prefix] = prefixes.count - 1
        return prefixes.count - 1
    }

    /// Not each of them once: they are asked when a connection opens, and not of its messages.
    mutating func number(of condition: ConnectionCondition) throws(PatternError) -> Int {
        connection.append(try ConnectionTest(condition))
        return connection.count - 1
    }
}

extension JSONDemand {
    fileprivate var texts: [String] {
        switch self {
        case .equals(.string(let text)): [text]
        case .oneOf(let scalars): scalars.compactMap { if case .string(let text) = $0 { text } else { nil } }
        case .matches(let expression): [expression]
        default: []
        }
    }
}

extension JSONPredicate {
    fileprivate init(_ demand: JSONDemand) throws(PatternError) {
        switch demand {
        case .equals(let scalar): self = .equals(JSONScalarValue(scalar))
        case .oneOf(let scalars): self = .oneOf(scalars.map { JSONScalarValue($0) })
        case .matches(let expression): self = .matches(try Pattern(expression))
        case .exists: self = .exists
        case .type(let type): self = .type(JSONValueType(type))
        case .over(let number): self = .over(JSONNumber(number))
        case .under(let number): self = .under(JSONNumber(number))
        }
    }
}

// One to one: a policy knows nothing of how messages are looked into.

extension JSONScalarValue {
    fileprivate init(_ scalar: JSONScalar) {
        switch scalar {
        case .string(let value): self = .string(value)
        case .integer(let value): self = .integer(value)
        case .double(let value): self = .double(value)
        case .boolean(let value): self = .boolean(value)
        case .null: self = .null
        }
    }
}

extension JSONNumber {
    fileprivate init(_ number: JSONDemand.Number) {
        switch number {
        case .integer(let value): self = .integer(value)
        case .double(let value): self = .double(value)
        }
    }
}

extension JSONValueType {
    fileprivate init(_ type: JSONDemand.ValueType) {
        switch type {
        case .null: self = .null
        case .boolean: self = .boolean
        case .number: self = .number
        case .integer: self = .integer
        case .string: self = .string
        case .array: self = .array
        case .object: self = .object
        }
    }
}
