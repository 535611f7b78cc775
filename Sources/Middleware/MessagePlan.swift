import Inspection
package import PolicyModel
package import WebSocketProtocol

/// What becomes of a message.
package enum MessageVerdict: Sendable, Hashable {
    case pass
    /// Goes on with the scratch's `output` for its payload, and the opcode that it had.
    case edited
    case drop
    /// The scratch's `output` goes to the sender as a text message, and this one no further.
    case reply
    /// Ends the connection.
    case close(CloseCode, reason: String, rule: String)
    /// It brings a fresh token, and is the gateway's.
    case renewal
}

/// Who is told of the messages that a rule writes down with their payloads.
package protocol MessageJournal: AnyObject {
    func note(_ rule: String, _ sender: MessageSender, _ opcode: Opcode, _ payload: Span<UInt8>)
}

/// A route's message rules, compiled once for all of its connections.
package struct MessageRules: Sendable {
    fileprivate let fromClient: RuleSet
    fileprivate let fromUpstream: RuleSet
    private let names: [String]
    /// How clients may bring a fresh token.
    package let renewal: TokenRenewal?

    private let limiters: MessageLimiters

    /// In the order in which they are tried; a token is looked for before. The environment makes the filters that are no
    /// built-ins, each once, and keeps what `limit` rules count for the chain of that name.
    package init(
        _ rules: [MessageRule], of chain: String, renewal: TokenRenewal?, in environment: inout MiddlewareEnvironment
    ) {
        self.init(
            rules, renewal: renewal, extensions: environment.extensions,
            limiters: MessageLimiters(rules, of: chain, in: &environment))
    }

    /// Rules none of which is a `limit`: those would refuse every message.
    package init(
        _ rules: [MessageRule], renewal: TokenRenewal? = nil, extensions: ExtensionFactories = ExtensionFactories()
    ) {
        self.init(rules, renewal: renewal, extensions: extensions, limiters: MessageLimiters())
    }

    private init(
        _ rules: [MessageRule], renewal: TokenRenewal?, extensions: ExtensionFactories, limiters: MessageLimiters
    ) {
        self.renewal = renewal
        self.limiters = limiters
        names = rules.map(\.name)
        var filters: [Int: any MessageFilter] = [:]
        for (number, rule) in rules.enumerated() {
            if case .filter(let settings) = rule.action { filters[number] = extensions.filter(settings) }
        }
        fromClient = RuleSet(rules, from: .client, filters: filters, renewal: renewal?.pointer)
        fromUpstream = RuleSet(rules, from: .upstream, filters: filters)
    }

    /// How many there are in the policy's list.
    package var count: Int { names.count }

    /// The name of the rule at that place of the policy's list.
    package func name(of rule: Int) -> String { names[rule] }

    /// What one connection has of what `limit` rules allow.
    package func buckets(of owner: TrafficOwner) -> MessageBuckets { limiters.buckets(of: owner) }
}

/// A route's rules for one direction of one connection.
package struct MessagePlan {
    private let set: RuleSet
    private let sender: MessageSender
    private let text: RuleReach
    private let binary: RuleReach
    private let connection: TestBits
    /// Kept only where a rule fills something in.
    private let facts: ConnectionFacts?
    private let maximumBytes: Int
    private let renews: Bool
    private var buckets: [TrafficBucket]
    /// Outlives the connection's plans.
    private unowned let journal: (any MessageJournal)?

    /// Rules of the other direction, and those that cannot hold on this connection, are left out. `maximumBytes` bounds what
    /// an edit makes of a message; more closes with 1009.
    package init(
        _ rules: MessageRules, from sender: MessageSender, of facts: ConnectionFacts, maximumBytes: Int = .max,
        buckets: MessageBuckets = MessageBuckets(), journal: (any MessageJournal)? = nil
    ) {
        set = sender == .client ? rules.fromClient : rules.fromUpstream
        self.sender = sender
        self.buckets = sender == .client ? buckets.fromClient : buckets.fromUpstream
        self.maximumBytes = maximumBytes
        self.journal = set.logsPayloads ? journal : nil
        self.facts = set.usesFacts ? facts : nil
        renews = sender == .client && set.renewal != nil && facts.identity != nil
        (text, binary, connection) = set.reach(for: facts)
    }

    /// True where nothing reads payloads: they can be streamed without assembling.
    package var isEmpty: Bool { text.isEmpty && binary.isEmpty && !renews && !set.isBroken }

    /// Whether something wants to see messages of that kind, of `size` bytes, which is nil where it cannot be told yet.
    package func reads(_ opcode: Opcode, size: Int?) -> Bool {
        if set.isBroken || (renews && opcode == .text) { return true }
        let reach = opcode == .text ? text : binary
        return if let size { reach.sizes.contains(size) } else { !reach.isEmpty }
    }

    /// Goes on with what another plan of the same connection has left.
    package mutating func keepBuckets(of plan: MessagePlan) {
        buckets = plan.buckets
    }

    /// The rules in order. An edit goes on to the next rule; `allow`, `drop`, `close` and `reply` end the way. What rules have
    /// done is in the scratch's `hits`, and until when the sender has to wait in its `heldUntil`. `now` in nanoseconds of a
    /// clock that never goes back.
    package mutating func evaluate(
        opcode: Opcode, payload: Span<UInt8>, now: Int64, using scratch: inout FilterScratch
    ) -> MessageVerdict {
        scratch.hits.removeAll(keepingCapacity: true)
        scratch.heldUntil = nil
        scratch.reading.reset()
        guard !set.isBroken else { return .close(.internalError, reason: "", rule: "") }
        if renews, opcode == .text {
            set.readJSON(payload, &scratch)
            // It may be a token that nobody behind must see.
            if scratch.reading.hasFailed { return .close(.internalError, reason: "", rule: "renew") }
            if let renewal = set.renewal, scratch.reading.json[renewal] { return .renewal }
        }
        var evaluation = RuleEvaluation(
            set: set, reach: opcode == .text ? text : binary, sender: sender, opcode: opcode, connection: connection,
            facts: facts, maximumBytes: maximumBytes, journal: journal, now: now)
        // Lent, not copied.
        swap(&buckets, &evaluation.buckets)
        defer { swap(&buckets, &evaluation.buckets) }
        return evaluation.run(payload, &scratch)
    }
}
