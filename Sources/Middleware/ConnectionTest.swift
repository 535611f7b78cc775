import Inspection
import PolicyModel
import Tokens
import WebSocketProtocol

/// A demand on a connection, compiled. It holds, or does not, until the connection's token is renewed.
struct ConnectionTest: Sendable {
    private enum Source: Sendable {
        case subject
        case scope(String)
        case claim(ClaimPointer)
        case path
        case query(String)
    }

    private let source: Source
    private let test: ValueTest

    init(_ condition: ConnectionCondition) throws(PatternError) {
        switch condition {
        case .scope(let scope): (source, test) = (.scope(scope), .exists)
        case .subject(let demand): (source, test) = (.subject, try ValueTest(demand))
        case .claim(let pointer, let demand):
            (source, test) = (.claim(ClaimPointer(pointer.tokens)), try ValueTest(demand))
        case .path(let demand): (source, test) = (.path, try ValueTest(demand))
        case .query(let name, let demand): (source, test) = (.query(name), try ValueTest(demand))
        }
    }

    func holds(for facts: ConnectionFacts) -> Bool {
        switch source {
        case .subject: facts.subject.map { test.holds(for: .string($0)) } ?? false
        case .scope(let scope): facts.identity?.scopes.containsBytes(of: scope) ?? false
        case .claim(let pointer):
            facts.identity.flatMap { pointer.value(in: $0.claims.payload) }.map(test.holds) ?? false
        case .path: test.holds(for: .string(facts.target.path))
        case .query(let name):
            facts.target.queryItems.contains {
                $0.name.utf8.elementsEqual(name.utf8) && test.holds(for: .string($0.value))
            }
        }
    }
}

/// What is demanded of a value.
private enum ValueTest: Sendable {
    case oneOf(Set<ClaimValue>)
    case contains(ClaimValue)
    case matches(Pattern)
    case exists

    init(_ demand: ValueDemand) throws(PatternError) {
        switch demand {
        case .equals(let scalar): self = .oneOf([ClaimValue(scalar)])
        case .oneOf(let scalars): self = .oneOf(Set(scalars.map { ClaimValue($0) }))
        case .contains(let scalar): self = .contains(ClaimValue(scalar))
        case .matches(let expression): self = .matches(try Pattern(expression))
        case .exists: self = .exists
        }
    }

    func holds(for value: ClaimValue) -> Bool {
        switch self {
        case .oneOf(let values): return values.contains(value)
        case .contains(let element):
            guard case .array(let elements) = value else { return false }
            return elements.contains(element)
        case .matches(let pattern):
            guard case .string(let text) = value else { return false }
            return pattern.matches(Array(text.utf8).span)
        case .exists: return true
        }
    }
}
