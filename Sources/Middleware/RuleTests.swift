import Inspection
import PolicyModel

/// The tests that the rules of one direction ask for, each of them once.
struct RuleTests {
    private(set) var patterns: [TextPattern] = []
    private(set) var json: [JSONPointerTest] = []
    private(set) var prefixes: [[UInt8]] = []
    private(set) var connection: [ConnectionTest] = []
    private var patternNumbers: [TextPattern: Int] = [:]
    private var jsonNumbers: [JSONKey: Int] = [:]
    private var prefixNumbers: [[UInt8]: Int] = [:]
    private var connectionNumbers: [ConnectionCondition: Int] = [:]

    private struct JSONKey: Hashable {
        let pointer: JSONPointer
        let demand: JSONDemand
    }

    mutating func number(of pattern: TextPattern) -> Int {
        if let known = patternNumbers[pattern] { return known }
        patterns.append(pattern)
        patternNumbers[pattern] = patterns.count - 1
        return patterns.count - 1
    }

    mutating func number(of pointer: JSONPointer, _ demand: JSONDemand) throws(PatternError) -> Int {
        let key = JSONKey(pointer: pointer, demand: demand)
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

    mutating func number(of condition: ConnectionCondition) throws(PatternError) -> Int {
        if let known = connectionNumbers[condition] { return known }
        connection.append(try ConnectionTest(condition))
        connectionNumbers[condition] = connection.count - 1
        return connection.count - 1
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
