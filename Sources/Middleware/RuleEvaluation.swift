import Inspection
import PolicyModel
import WebSocketProtocol

/// One message on its way through the rules.
struct RuleEvaluation {
    let set: RuleSet
    let reach: RuleReach
    let sender: MessageSender
    let opcode: Opcode
    let connection: TestBits
    let facts: ConnectionFacts?
    let maximumBytes: Int
    let journal: (any MessageJournal)?
    let now: Int64
    /// What is left of what `limit` rules allow, in their order.
    var buckets: [TrafficBucket] = []

    /// How far one form of a message has come.
    private enum Passage {
        /// Past all rules.
        case through
        /// The scratch's `spare` holds its next form, which goes on behind the rule that has made it.
        case edited
        case ended(MessageVerdict)
    }

    /// Asks the rules in order.
    mutating func run(_ payload: Span<UInt8>, _ scratch: inout FilterScratch) -> MessageVerdict {
        var next = 0
        var passage = pass(payload, from: &next, &scratch)
        guard case .edited = passage else { return verdict(of: passage, &scratch) ?? .pass }
        // The form that is being looked at, out of the scratch's hands, which change meanwhile.
        var current: [UInt8] = []
        swap(&current, &scratch.output)
        while case .edited = passage {
            swap(&current, &scratch.spare)
            scratch.reading.reset()
            passage = pass(current.span, from: &next, &scratch)
        }
        swap(&current, &scratch.output)
        return verdict(of: passage, &scratch) ?? .edited
    }

    /// nil where the message goes on in the form that it has.
    private func verdict(of passage: Passage, _ scratch: inout FilterScratch) -> MessageVerdict? {
        guard case .ended(let verdict) = passage, verdict != .pass else { return nil }
        if verdict == .reply { swap(&scratch.output, &scratch.value) }
        return verdict
    }

    /// Asks the rules from `next` on, which moves behind the last one that was asked.
    private mutating func pass(
        _ payload: Span<UInt8>, from next: inout Int, _ scratch: inout FilterScratch
    ) -> Passage {
        set.findCandidates(reach, from: next, payload: payload, &scratch)
        while !scratch.reading.hasFailed, let index = scratch.candidates.removeFirst() {
            next = index + 1
            guard set.conditions[index].holds(payload, self, &scratch) else { continue }
            // What memory ran out for has not been denied by anybody.
            guard !scratch.reading.hasFailed else { break }
            switch act(set.entries[index], payload, &scratch) {
            case .through: continue
            case let passage: return passage
            }
        }
        guard !scratch.reading.hasFailed else { return .ended(Self.failure(of: "")) }
        return .through
    }

    private static func failure(of rule: String) -> MessageVerdict {
        .close(.internalError, reason: "", rule: rule)
    }

    private static func tooLarge(_ rule: String) -> MessageVerdict {
        .close(.messageTooBig, reason: CloseReason.messageTooBig.rawValue, rule: rule)
    }
}

// MARK: - Actions

extension RuleEvaluation {
    /// `.through` where the next rule is to be asked about the same form of the message.
    private mutating func act(_ rule: RuleSet.Entry, _ payload: Span<UInt8>, _ scratch: inout FilterScratch) -> Passage
    {
        switch rule.action {
        case .allow: return hit(rule, &scratch, .ended(.pass))
        case .drop: return hit(rule, &scratch, .ended(.drop))
        case .close(let code, let reason):
            return hit(rule, &scratch, .ended(.close(code, reason: reason, rule: rule.name)))
        case .log(let writesPayload):
            if writesPayload, !rule.isShadow { journal?.note(rule.name, sender, opcode, payload) }
            return hit(rule, &scratch, .through)
        case .reply(let text):
            scratch.value.removeAll(keepingCapacity: true)
            text.append(to: &scratch.value, facts: facts, message: payload, match: &scratch.match)
            guard scratch.value.count <= maximumBytes else {
                return hit(rule, &scratch, .ended(Self.tooLarge(rule.name)))
            }
            return hit(rule, &scratch, .ended(.reply))
        case .replace(let replacement): return replace(replacement, rule, payload, &scratch)
        case .set(let edit, let text):
            scratch.value.removeAll(keepingCapacity: true)
            text.append(to: &scratch.value, facts: facts, message: payload, match: &scratch.match)
            return apply(edit, rule, payload, &scratch)
        case .remove(let edit):
            scratch.value.removeAll(keepingCapacity: true)
            return apply(edit, rule, payload, &scratch)
        case .limit(let bucket, let onExceed): return count(in: bucket, onExceed, rule, &scratch)
        case .schema(let schema, let onFailure): return check(schema, onFailure, rule, payload, &scratch)
        case .other(let filter): return ask(filter, rule, payload, &scratch)
        case .broken: return hit(rule, &scratch, .ended(Self.failure(of: rule.name)))
        }
    }

    /// Notes that the rule has acted, or would have.
    private func hit(
        _ rule: RuleSet.Entry, _ scratch: inout FilterScratch, pointer: String? = nil, _ passage: Passage
    ) -> Passage {
        scratch.hits.append(RuleHit(rule: rule.number, isShadow: rule.isShadow, pointer: pointer))
        return rule.isShadow ? .through : passage
    }

    private func replace(
        _ replacement: TextReplacement, _ rule: RuleSet.Entry, _ payload: Span<UInt8>, _ scratch: inout FilterScratch
    ) -> Passage {
        switch replacement.apply(
            to: payload, facts: facts, atMost: maximumBytes, into: &scratch.spare, match: &scratch.match)
        {
        case .replaced: return hit(rule, &scratch, .edited)
        case .unchanged: return .through
        case .tooLarge: return hit(rule, &scratch, .ended(Self.tooLarge(rule.name)))
        case .tooMuchWork:
            let denied = CloseReason.messageDenied.rawValue
            return hit(rule, &scratch, .ended(.close(.policyViolation, reason: denied, rule: rule.name)))
        }
    }

    private mutating func count(
        in bucket: Int, _ onExceed: TrafficLimit.Excess, _ rule: RuleSet.Entry, _ scratch: inout FilterScratch
    ) -> Passage {
        guard buckets.indices.contains(bucket) else { return .ended(Self.failure(of: rule.name)) }
        // Where nobody waits for it, debt would only grow.
        if onExceed == .delay, !rule.isShadow {
            let end = buckets[bucket].charge(1, now: now)
            guard end > now else { return .through }
            scratch.heldUntil = max(end, scratch.heldUntil ?? end)
            return hit(rule, &scratch, .through)
        }
        guard !buckets[bucket].take(1, now: now) else { return .through }
        guard onExceed == .close else { return hit(rule, &scratch, .ended(.drop)) }
        let exceeded = CloseReason.messageRateExceeded.rawValue
        return hit(rule, &scratch, .ended(.close(.policyViolation, reason: exceeded, rule: rule.name)))
    }

    private func apply(
        _ edit: JSONEdit, _ rule: RuleSet.Entry, _ payload: Span<UInt8>, _ scratch: inout FilterScratch
    ) -> Passage {
        // Out of the scratch's hands, which change meanwhile.
        var value: [UInt8] = []
        swap(&value, &scratch.value)
        let outcome = scratch.json.apply(
            edit, value: value.span, to: payload, into: &scratch.spare, atMost: maximumBytes)
        swap(&value, &scratch.value)
        switch outcome {
        case .edited: return hit(rule, &scratch, .edited)
        case .unchanged: return .through
        case .tooLarge: return hit(rule, &scratch, .ended(Self.tooLarge(rule.name)))
        case .notJSON:
            // What was to be edited stands there unedited: a more lenient reader behind would see it.
            let denied = CloseReason.messageDenied.rawValue
            return hit(rule, &scratch, .ended(.close(.policyViolation, reason: denied, rule: rule.name)))
        case .failed: return hit(rule, &scratch, .ended(Self.failure(of: rule.name)))
        }
    }

    private func check(
        _ schema: JSONSchema, _ onFailure: SchemaDemand.Failure, _ rule: RuleSet.Entry, _ payload: Span<UInt8>,
        _ scratch: inout FilterScratch
    ) -> Passage {
        let pointer: String?
        switch scratch.validate(payload, against: schema) {
        case .valid: return .through
        case .invalid(let violation): pointer = violation.pointer
        case .notJSON: pointer = nil
        case .failed: return hit(rule, &scratch, .ended(Self.failure(of: rule.name)))
        }
        if onFailure == .drop { return hit(rule, &scratch, pointer: pointer, .ended(.drop)) }
        let mismatch = CloseReason.schemaMismatch.rawValue
        return hit(
            rule, &scratch, pointer: pointer, .ended(.close(.invalidPayload, reason: mismatch, rule: rule.name)))
    }

    private func ask(
        _ filter: any MessageFilter, _ rule: RuleSet.Entry, _ payload: Span<UInt8>, _ scratch: inout FilterScratch
    ) -> Passage {
        switch filter.inspect(opcode: opcode, payload: payload) {
        case .pass: return .through
        case .drop: return hit(rule, &scratch, .ended(.drop))
        case .close(let code, let reason):
            return hit(rule, &scratch, .ended(.close(code, reason: reason, rule: rule.name)))
        case .replace(let bytes):
            guard bytes.count <= maximumBytes else { return hit(rule, &scratch, .ended(Self.tooLarge(rule.name))) }
            // A text that is none would break the protocol on the other side.
            guard opcode != .text || bytes.span.isUTF8 else {
                return hit(rule, &scratch, .ended(Self.failure(of: rule.name)))
            }
            if !rule.isShadow { scratch.spare = bytes }
            return hit(rule, &scratch, .edited)
        }
    }
}

// MARK: - Conditions

extension RuleCondition {
    /// Whether it holds for a message. Where memory runs out on the way the scratch's reading has failed, and the answer means
    /// nothing.
    fileprivate func holds(
        _ payload: Span<UInt8>, _ message: borrowing RuleEvaluation, _ scratch: inout FilterScratch
    ) -> Bool {
        holds(at: 0, payload, message, &scratch)
    }

    private func holds(
        at index: Int, _ payload: Span<UInt8>, _ message: borrowing RuleEvaluation, _ scratch: inout FilterScratch
    ) -> Bool {
        switch nodes[index] {
        case .all(let end):
            var child = index + 1
            while child < end {
                guard holds(at: child, payload, message, &scratch) else { return false }
                child = Self.end(of: child, nodes)
            }
            return true
        case .any(let end):
            var child = index + 1
            while child < end {
                if holds(at: child, payload, message, &scratch) { return true }
                child = Self.end(of: child, nodes)
            }
            return false
        case .not: return !holds(at: index + 1, payload, message, &scratch)
        case .constant(let value): return value
        case .opcode(let opcode): return opcode == message.opcode
        case .size(let range): return range.contains(payload.count)
        case .text(let number):
            guard message.opcode == .text else { return false }
            message.set.readText(payload, &scratch)
            return scratch.reading.text[number]
        case .json(let number):
            message.set.readJSON(payload, &scratch)
            return scratch.reading.json[number]
        case .prefix(let number):
            return message.opcode == .binary && payload.starts(with: message.set.prefixes[number])
        case .connection(let number): return message.connection[number]
        case .notJSON: return !scratch.isJSON(payload)
        case .notUTF8: return message.opcode == .binary && !scratch.isUTF8(payload)
        }
    }
}

extension FilterScratch {
    fileprivate mutating func validate(_ payload: Span<UInt8>, against schema: JSONSchema) -> SchemaOutcome {
        switch readDocument(payload) {
        case .json: schemas.validate(latestOf: documents, against: schema)
        case .notJSON: .notJSON
        case .failed: .failed
        }
    }

    fileprivate mutating func isJSON(_ payload: Span<UInt8>) -> Bool {
        if let known = reading.isJSON { return known }
        // A document is stricter: half a surrogate pair is none to it, and JSON by its grammar.
        let result = readDocument(payload) == .json || json.isJSON(payload)
        reading.isJSON = result
        return result
    }

    fileprivate mutating func isUTF8(_ payload: Span<UInt8>) -> Bool {
        if let known = reading.isUTF8 { return known }
        let result = payload.isUTF8
        reading.isUTF8 = result
        return result
    }
}

extension Span<UInt8> {
    fileprivate func starts(with prefix: [UInt8]) -> Bool {
        guard count >= prefix.count else { return false }
        for index in prefix.indices where self[index] != prefix[index] { return false }
        return true
    }

    /// RFC 3629.
    fileprivate var isUTF8: Bool {
        var validator = UTF8Validator()
        return validator.validate(self, 0..<count, key: .none) && validator.isComplete
    }
}
