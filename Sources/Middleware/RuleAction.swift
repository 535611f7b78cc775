import Inspection
import PolicyModel
import WebSocketProtocol

/// What a rule does, compiled.
enum RuleAction: Sendable {
    case allow
    case drop
    case close(CloseCode, reason: String)
    case replace(TextReplacement)
    case set(JSONEdit, MessageText)
    case remove(JSONEdit)
    case reply(MessageText)
    case log(payload: Bool)
    /// Counted in the connection's bucket of that number.
    case limit(Int, TrafficLimit.Excess)
    case schema(JSONSchema, SchemaDemand.Failure)
    /// A message filter that is no built-in decides.
    case other(any MessageFilter)
    /// It could not be compiled: every message that it describes is refused, rather than none.
    case broken

    /// `pattern` is the one that matches wherever the rule's condition holds: for what `${match.NAME}` stands. `filter` is the
    /// one that the action names, where it names one; `bucket` the number of the one in which it counts.
    init(_ action: MessageAction, pattern: TextPattern?, filter: (any MessageFilter)? = nil, bucket: Int? = nil) {
        self = (try? Self.compiled(action, pattern: pattern, filter, bucket)) ?? .broken
    }

    private struct Unusable: Error {}

    private static func compiled(
        _ action: MessageAction, pattern: TextPattern?, _ filter: (any MessageFilter)?, _ bucket: Int?
    ) throws -> RuleAction {
        switch action {
        case .allow: return .allow
        case .drop: return .drop
        case .close(let code, let reason): return .close(CloseCode(rawValue: code), reason: reason)
        case .replace(let pattern, let with): return .replace(try TextReplacement(pattern, with: with))
        case .set(let pointer, let value):
            guard let edit = JSONEdit(set: pointer.tokens) else { throw Unusable() }
            return .set(edit, try MessageText(value, matching: pattern))
        case .remove(let pointer):
            guard let edit = JSONEdit(remove: pointer.tokens) else { throw Unusable() }
            return .remove(edit)
        case .reply(.text(let text)): return .reply(try MessageText(text, matching: pattern))
        case .reply(.json(let json)): return .reply(try MessageText(json, matching: pattern))
        case .log(let payload): return .log(payload: payload)
        case .limit(let limit):
            guard let bucket else { throw Unusable() }
            return .limit(bucket, limit.onExceed)
        case .schema(let demand):
            return .schema(try JSONSchema(demand.bytes, isStrict: demand.isStrict), demand.onFailure)
        case .filter:
            guard let filter else { throw Unusable() }
            return .other(filter)
        }
    }

    /// Whether it needs to know whose connection it is.
    var usesFacts: Bool {
        switch self {
        case .replace(let replacement): replacement.with.usesFacts
        case .set(_, let text), .reply(let text): text.usesFacts
        default: false
        }
    }
}
