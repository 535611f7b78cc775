internal import Middleware
internal import PolicyModel
internal import Tokens
internal import WebSocketProtocol

/// A connection that a rehearsal has let in: messages can be sent on it. It holds its place in limits for as long as anybody
/// holds it, or until a message ends it.
package final class RehearsedConnection {
    /// One direction of it.
    struct Way {
        var plan: MessagePlan
        var gate: TrafficGate
    }

    let route: RoutePolicy
    let terms: RelayTerms
    let renewal: TokenRenewal?
    let opened: HandshakeTime
    var facts: ConnectionFacts
    var term: IdentityTerm?
    var fromClient: Way
    var fromUpstream: Way
    /// On the monotonic clock, in nanoseconds.
    var lastData: Int64
    /// How it has ended.
    private(set) var ending: RehearsedMessage.Verdict?
    private var leases: [ConnectionLease]

    init(
        _ admitted: AdmittedUpgrade, _ route: RouteRuntime, clientCertificate: String?, leases: [ConnectionLease],
        at time: HandshakeTime
    ) {
        let terms = route.terms
        let facts = ConnectionFacts(admitted, clientCertificate: clientCertificate)
        let owner = TrafficOwner(
            address: admitted.clientAddress, identity: admitted.identity,
            authorizedSubject: admitted.authorizedSubject)
        let gates = terms.rates.gates(of: owner)
        let buckets = terms.rules.buckets(of: owner)
        self.route = route.policy
        self.terms = terms
        renewal = terms.rules.renewal
        opened = time
        self.facts = facts
        term = admitted.identityTerm
        fromClient = Way(plan: terms.plan(from: .client, facts, buckets, journal: nil), gate: gates.fromClient)
        fromUpstream = Way(plan: terms.plan(from: .upstream, facts, buckets, journal: nil), gate: gates.fromUpstream)
        lastData = time.monotonic
        self.leases = leases
    }

    func end(_ verdict: RehearsedMessage.Verdict) {
        ending = ending ?? verdict
        leases = []
    }

    /// From now on it is that token's.
    func renew(by identity: VerifiedToken, until term: IdentityTerm) {
        facts = facts.renewed(by: identity)
        self.term = term
        for way in [\RehearsedConnection.fromClient, \.fromUpstream] {
            let sender: MessageSender = way == \.fromClient ? .client : .upstream
            var plan = terms.plan(from: sender, facts, MessageBuckets(), journal: nil)
            plan.keepBuckets(of: self[keyPath: way].plan)
            self[keyPath: way].plan = plan
        }
    }

    /// The clocks at a message.
    func time(of message: MadeUpMessage) -> HandshakeTime {
        if let monotonic = message.monotonic {
            let passed = monotonic.subtractingReportingOverflow(opened.monotonic).partialValue / 1_000_000_000
            return HandshakeTime(
                unixSeconds: message.time ?? opened.unixSeconds.saturatingAdd(passed), monotonic: monotonic)
        }
        guard let time = message.time else { return opened }
        let passed = time.subtractingReportingOverflow(opened.unixSeconds).partialValue
        return HandshakeTime(
            unixSeconds: time, monotonic: opened.monotonic.saturatingAdd(Duration.seconds(passed).nanoseconds))
    }

    /// What has ended it by then, if anything has.
    func ended(by time: HandshakeTime) -> CloseReason? {
        if let term, term.end <= time.unixSeconds { return term.reason }
        if opened.monotonic.saturatingAdd(terms.timeouts.lifetime.nanoseconds) <= time.monotonic {
            return .lifetimeExceeded
        }
        let idle = lastData.saturatingAdd(terms.timeouts.idle.nanoseconds) <= time.monotonic
        return idle ? .idleTimeout : nil
    }
}
