import Inspection
import PolicyModel
import WebSocketProtocol

/// A message rule of the policy, compiled. Scopes are not asked for here: they hold, or do not, for a whole connection.
struct RuleFilter: MessageFilter {
    private let opcode: Opcode?
    /// Payload bytes that meet the rule's sizes.
    private let sizes: Range<Int>
    private let text: ByteNeedle?
    private let json: JSONTest?
    private let action: MessageAction
    private let replacement: [UInt8]
    /// A condition that could not be compiled: every message is refused, rather than none.
    private let isBroken: Bool

    init(_ rule: MessageRule) {
        let condition = rule.condition
        opcode =
            switch condition.opcode {
            case .text: .text
            case .binary: .binary
            case nil: condition.textContains == nil ? nil : .text
            }
        let lower = condition.sizeOver.map { $0 == .max ? .max : max(0, $0 + 1) } ?? 0
        sizes = lower..<max(lower, condition.sizeUnder ?? .max)
        text = condition.textContains.flatMap(ByteNeedle.init)
        json = condition.json.flatMap { JSONTest(tokens: $0.pointer.tokens, equals: $0.equals.compiled) }
        action = rule.action
        if case .replace(let text) = rule.action { replacement = Array(text.utf8) } else { replacement = [] }
        isBroken =
            (condition.textContains != nil && text == nil) || (condition.json != nil && json == nil)
            || (rule.action.isReplace && text == nil)
    }

    /// Whether there can be a message that meets it.
    static func canHold(_ condition: MessageCondition) -> Bool {
        !(condition.opcode == .binary && condition.textContains != nil)
    }

    func inspect(opcode: Opcode, payload: Span<UInt8>, using scratch: inout FilterScratch) -> FilterVerdict {
        if isBroken { return .close(.internalError, reason: "") }
        // Cheapest first.
        guard self.opcode == nil || self.opcode == opcode, sizes.contains(payload.count) else { return .pass }
        var first: Int?
        if let text {
            first = text.firstIndex(in: payload)
            if first == nil { return .pass }
        }
        if let json {
            switch scratch.json.matches(json, in: payload) {
            case .match: break
            case .noMatch: return .pass
            case .failed: return .close(.internalError, reason: "")
            }
        }
        switch action {
        case .drop: return .drop
        case .close(let code, let reason): return .close(CloseCode(rawValue: code), reason: reason)
        case .replace:
            guard let text, let first else { return .close(.internalError, reason: "") }
            return replaced(text, from: first, in: payload, atMost: scratch.maximumMessageBytes)
        }
    }

    /// Puts the replacement where `needle` stands, left to right, without looking at what was put in.
    private func replaced(
        _ needle: ByteNeedle, from first: Int, in payload: Span<UInt8>, atMost maximum: Int
    ) -> FilterVerdict {
        var edited: [UInt8] = []
        edited.reserveCapacity(min(maximum, payload.count + replacement.count))
        var copied = 0
        var next: Int? = first
        while let place = next {
            // Asked before each step: a short needle and a long replacement must not cost more than one message may.
            guard place - copied + replacement.count <= maximum - edited.count else {
                return .close(.messageTooBig, reason: CloseReason.messageTooBig.rawValue)
            }
            edited.append(payload, copied..<place)
            edited.append(contentsOf: replacement)
            copied = place + needle.count
            next = needle.firstIndex(in: payload, from: copied)
        }
        guard payload.count - copied <= maximum - edited.count else {
            return .close(.messageTooBig, reason: CloseReason.messageTooBig.rawValue)
        }
        edited.append(payload, copied..<payload.count)
        return .replace(edited)
    }
}

extension MessageAction {
    fileprivate var isReplace: Bool {
        if case .replace = self { true } else { false }
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ source: Span<UInt8>, _ range: Range<Int>) {
        // The span is good for the call, and the bytes are copied in it.
        unsafe source.extracting(range).withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}

extension JSONScalar {
    fileprivate var compiled: JSONTest.Scalar {
        switch self {
        case .string(let value): .string(value)
        case .integer(let value): .integer(value)
        case .double(let value): .double(value)
        case .boolean(let value): .boolean(value)
        case .null: .null
        }
    }
}
