internal import Middleware
internal import PolicyModel
internal import Tokens
internal import WebSocketProtocol

/// What the audit log tells of one connection, gathered as it goes its way. Never a token, a cookie or a query, and a payload
/// only where a rule of the policy asks for it.
struct AuditFacts {
    enum Event: String, CaseIterable {
        case opened
        case closed
        case refused
        /// A ticket was given, or a page told that it may ask for one.
        case ticket
        /// A rule has written a message down.
        case message
    }

    let requestID: String
    let listener: String
    /// Of the policy that has decided, or will: one for each decision, whatever is put in force meanwhile.
    var policyVersion: String
    private(set) var client: IPAddress
    /// The subject of the certificate that the client has shown, and TLS has verified.
    var clientCertificate: String?
    private(set) var host: String?
    private(set) var path: String?
    private(set) var origin: String?
    /// Of the distributed trace that the request belongs to.
    private(set) var traceID: String?
    var route: String?
    var upstream: String?
    /// What it has answered in place of a 101.
    var upstreamStatus: Int?
    /// The upstream's name in the policy, which the log does not tell.
    var upstreamName: String?
    private(set) var subject: String?
    private(set) var tokenID: String?
    private(set) var shadow: [ShadowRefusal] = []

    private(set) var event = Event.refused
    private(set) var reason: String?
    /// What lies behind the reason, in words that are no peer's.
    private var detail: String?
    private(set) var status: Int?
    private(set) var duration: Nanoseconds = 0
    private(set) var outcome: RelayOutcome?
    private var message: LoggedMessage?

    /// What a connection that was open has come to.
    struct RelayOutcome {
        let bytesFromClient, bytesFromUpstream, messagesFromClient, messagesFromUpstream: Int64
        let closeCode: Int64
        let closedBy: String
        let rule: String?
        let rules: [ActedRule]
    }

    /// How often a message rule or a rate acted, or in shadow mode would have.
    struct ActedRule {
        let name: String
        let isShadow: Bool
        let count: Int64
        /// Where the last message did not fit a schema.
        var pointer: String?
    }

    init(requestID: String, listener: String, policyVersion: String, client: IPAddress) {
        self.requestID = requestID
        self.listener = listener
        self.policyVersion = policyVersion
        self.client = client
    }

    /// A load balancer has said whom the connection is from.
    mutating func name(_ client: IPAddress) {
        self.client = client
    }

    /// A request has been read. Its query stays out: it may hold a token.
    mutating func note(_ head: RequestHead, client: IPAddress) {
        self.client = client
        host = head.host.description
        path = head.target.path
        origin = head.headers.first("Origin")
        traceID = TraceParent(of: head.headers)?.traceID
    }

    mutating func note(_ context: HandshakeContext) {
        subject = context.identity?.subject ?? context.authorizedSubject
        tokenID = context.identity?.id
        shadow += context.shadowRefusals
    }

    mutating func note(_ admitted: AdmittedUpgrade) {
        subject = admitted.identity?.subject ?? admitted.authorizedSubject
        tokenID = admitted.identity?.id
        shadow += admitted.shadowRefusals
    }

    /// A live connection has brought a fresh token.
    mutating func renew(_ identity: VerifiedToken) {
        tokenID = identity.id
    }

    mutating func refuse(_ refusal: Refusal, now: Nanoseconds, since start: Nanoseconds) {
        event = .refused
        reason = refusal.reason.rawValue
        status = refusal.status
        duration = now - start
    }

    /// Refused by a close frame, since the client had its 101 already.
    mutating func refuse(_ reason: String, code: CloseCode, now: Nanoseconds, since start: Nanoseconds) {
        event = .refused
        self.reason = reason
        status = Int(code.rawValue)
        duration = now - start
    }

    /// A request for a ticket was answered.
    mutating func answerTicket(status: Int, now: Nanoseconds, since start: Nanoseconds) {
        event = .ticket
        self.status = status
        duration = now - start
    }

    /// Dropped at the door, before TLS or while that took too long: nobody was answered.
    mutating func drop(_ reason: RefusalReason, detail: String? = nil) {
        event = .refused
        self.reason = reason.rawValue
        self.detail = detail
    }

    /// Admission rules in shadow mode that would have dropped it.
    mutating func note(_ shadow: [ShadowRefusal]) {
        self.shadow = shadow
    }

    /// The client left before its handshake was decided: while a chain waited for an answer from elsewhere or for the
    /// first message, or while its upstream was being dialled or had not answered yet.
    mutating func abandoned(now: Nanoseconds, since start: Nanoseconds) {
        event = .refused
        reason = CloseReason.clientLost.rawValue
        status = nil
        duration = now - start
    }

    mutating func open(now: Nanoseconds, since start: Nanoseconds) {
        event = .opened
        reason = nil
        status = 101
        duration = now - start
    }

    mutating func close(_ relay: Relay, now: Nanoseconds) {
        event = .closed
        status = nil
        duration = now - relay.startedAt
        reason = relay.ending?.reason ?? CloseReason.draining.rawValue
        let (fromClient, fromUpstream) = (relay.frames.fromClient, relay.frames.fromUpstream)
        let rates = relay.terms.rates.hits(fromClient.gate, fromUpstream.gate).map { rate, count in
            ActedRule(name: rate.name, isShadow: rate.mode == .shadow, count: count)
        }
        let rules = (fromClient.hits.hits + fromUpstream.hits.hits).map { hit in
            ActedRule(
                name: relay.terms.rules.name(of: hit.rule), isShadow: hit.isShadow, count: hit.count,
                pointer: hit.pointer)
        }
        outcome = RelayOutcome(
            bytesFromClient: fromClient.payloadBytes, bytesFromUpstream: fromUpstream.payloadBytes,
            messagesFromClient: fromClient.messages, messagesFromUpstream: fromUpstream.messages,
            closeCode: Int64(relay.ending?.code ?? CloseCode.abnormal.rawValue),
            closedBy: (relay.ending?.closedBy ?? .gateway).rawValue, rule: relay.ending?.rule,
            rules: rates + rules)
    }

    /// The same connection, and a message of it.
    func with(_ message: LoggedMessage) -> AuditFacts {
        var facts = self
        facts.event = .message
        (facts.reason, facts.status, facts.shadow) = (nil, nil, [])
        facts.message = message
        return facts
    }

    /// The record as a line of JSON.
    func line(unixMilliseconds: Int64) -> [UInt8] {
        var line = JSONLine()
        line.add("time", Timestamp.rfc3339(unixMilliseconds: unixMilliseconds))
        line.add("event", event.rawValue)
        line.add("request_id", requestID)
        line.add("trace_id", traceID)
        line.add("listener", listener)
        line.add("client", client.description)
        line.add("client_certificate", clientCertificate)
        line.add("host", host)
        line.add("path", path)
        line.add("origin", origin)
        line.add("route", route)
        line.add("subject", subject)
        line.add("token_id", tokenID)
        line.add("reason", reason)
        line.add("detail", detail)
        // Statuses have three digits, close codes four.
        if let status { line.add(status < 1000 ? "status" : "close_code", Int64(status)) }
        line.add("policy_version", policyVersion)
        line.add("upstream", upstream)
        if let upstreamStatus { line.add("upstream_status", Int64(upstreamStatus)) }
        if let message { message.add(to: &line) } else { line.add("duration_ms", duration / 1_000_000) }
        if let outcome { add(outcome, to: &line) }
        line.add("shadow", shadow) { line, refusal in
            line.add("middleware", refusal.middleware)
            line.add("reason", refusal.reason.rawValue)
        }
        return line.finished()
    }

    private func add(_ outcome: RelayOutcome, to line: inout JSONLine) {
        line.add("bytes") { inner in
            inner.add("from_client", outcome.bytesFromClient)
            inner.add("from_upstream", outcome.bytesFromUpstream)
        }
        line.add("messages") { inner in
            inner.add("from_client", outcome.messagesFromClient)
            inner.add("from_upstream", outcome.messagesFromUpstream)
        }
        line.add("close_code", outcome.closeCode)
        line.add("closed_by", outcome.closedBy)
        line.add("rule", outcome.rule)
        line.add("rules", outcome.rules) { inner, rule in
            inner.add("rule", rule.name)
            inner.add("count", rule.count)
            inner.add("mode", rule.isShadow ? EnforcementMode.shadow.rawValue : EnforcementMode.enforce.rawValue)
            inner.add("pointer", rule.pointer)
        }
    }
}
