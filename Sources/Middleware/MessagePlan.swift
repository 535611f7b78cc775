import Inspection
package import PolicyModel
package import Tokens
package import WebSocketProtocol

/// Who sent a message.
package enum MessageSender: Sendable, Hashable {
    case client
    case upstream
}

/// What becomes of a message.
package enum MessageVerdict: Sendable, Hashable {
    case pass
    /// Goes on with this payload, and the opcode that it had.
    case replace([UInt8])
    case drop(rule: String)
    /// Ends the connection.
    case close(CloseCode, reason: String, rule: String)
    /// It brings a fresh token, and is the gateway's.
    case renewal
}

/// A route's message rules, compiled once for all of its connections.
package struct MessageRules: Sendable {
    fileprivate struct Entry: Sendable {
        let rule: MessageRule
        let filter: RuleFilter
    }

    fileprivate let entries: [Entry]
    /// How clients may bring a fresh token.
    package let renewal: TokenRenewal?

    /// In the order in which they are tried; a token is looked for before.
    package init(_ rules: [MessageRule], renewal: TokenRenewal? = nil) {
        self.renewal = renewal
        entries = rules.filter { RuleFilter.canHold($0.condition) }.map { Entry(rule: $0, filter: RuleFilter($0)) }
    }
}

/// A route's rules for one direction of one connection.
package struct MessagePlan: Sendable {
    private struct Step: Sendable {
        let name: String
        let isShadow: Bool
        let filter: Filter
    }

    /// The policy's rules are called directly; only what came from elsewhere is called through its protocol.
    private enum Filter: Sendable {
        case rule(RuleFilter)
        case other(any MessageFilter)

        func inspect(opcode: Opcode, payload: Span<UInt8>, using scratch: inout FilterScratch) -> FilterVerdict {
            switch self {
            case .rule(let filter): filter.inspect(opcode: opcode, payload: payload, using: &scratch)
            case .other(let filter): filter.inspect(opcode: opcode, payload: payload, using: &scratch)
            }
        }
    }

    private let steps: [Step]
    private let maximumBytes: Int
    /// What a message is looked through for before the rules see it: a fresh token.
    private let renewal: JSONTest?

    /// Rules of the other direction, and those whose scopes do not fit this identity, are left out: for this connection they
    /// can never hold. `maximumBytes` bounds what a replacement makes of a message; more closes with 1009.
    package init(
        _ rules: MessageRules, from sender: MessageSender, identity: VerifiedToken?, maximumBytes: Int = .max
    ) {
        self.maximumBytes = maximumBytes
        renewal = sender == .client && identity != nil ? rules.renewal?.test : nil
        steps = rules.entries.filter { $0.rule.concerns(sender, identity) }
            .map { Step(name: $0.rule.name, isShadow: $0.rule.mode == .shadow, filter: .rule($0.filter)) }
    }

    /// Compiles the rules for this connection alone.
    package init(rules: [MessageRule], from sender: MessageSender, identity: VerifiedToken?, maximumBytes: Int = .max) {
        self.init(MessageRules(rules), from: sender, identity: identity, maximumBytes: maximumBytes)
    }

    /// For filters that no rule of the policy describes.
    init(_ filters: [(name: String, mode: EnforcementMode, filter: any MessageFilter)], maximumBytes: Int = .max) {
        self.maximumBytes = maximumBytes
        renewal = nil
        steps = filters.map { Step(name: $0.name, isShadow: $0.mode == .shadow, filter: .other($0.filter)) }
    }

    /// True where nothing reads payloads: they can be streamed without assembling.
    package var isEmpty: Bool { steps.isEmpty && renewal == nil }

    /// Whether something wants to see messages of that kind, of `size` bytes, which is nil where it cannot be told yet.
    package func reads(_ opcode: Opcode, size: Int?) -> Bool { !isEmpty }

    /// The rules in order. A replacement goes on to the next rule; drop and close end the way. A rule in shadow mode only
    /// leaves its name in `scratch.shadowHits`. No allocation where nothing is replaced.
    package func evaluate(
        opcode: Opcode, payload: Span<UInt8>, using scratch: inout FilterScratch
    ) -> MessageVerdict {
        scratch.shadowHits.removeAll(keepingCapacity: true)
        scratch.maximumMessageBytes = maximumBytes
        if let renewal, opcode == .text {
            switch scratch.json.matches(renewal, in: payload) {
            case .noMatch: break
            case .match: return .renewal
            // It may be a token that nobody behind must see.
            case .failed: return .close(.internalError, reason: "", rule: "renew")
            }
        }
        var edited: [UInt8]?
        for step in steps {
            let verdict =
                if let edited {
                    step.filter.inspect(opcode: opcode, payload: edited.span, using: &scratch)
                } else {
                    step.filter.inspect(opcode: opcode, payload: payload, using: &scratch)
                }
            if case .pass = verdict { continue }
            if step.isShadow {
                scratch.shadowHits.append(step.name)
                continue
            }
            switch verdict {
            case .pass: break
            case .replace(let bytes): edited = bytes
            case .drop: return .drop(rule: step.name)
            case .close(let code, let reason): return .close(code, reason: reason, rule: step.name)
            }
        }
        return if let edited { .replace(edited) } else { .pass }
    }
}

extension MessageRule {
    fileprivate func concerns(_ sender: MessageSender, _ identity: VerifiedToken?) -> Bool {
        switch (from, sender) {
        case (.client, .upstream), (.upstream, .client): return false
        default: break
        }
        let scopes = identity?.scopes ?? []
        if let scope = condition.scope, !scopes.contains(scope) { return false }
        if let scope = condition.lacksScope, scopes.contains(scope) { return false }
        return true
    }
}
