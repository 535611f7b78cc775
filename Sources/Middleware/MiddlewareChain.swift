package import PolicyModel
package import Tokens
package import WebSocketProtocol

/// A route's middleware in the policy's order: the only way from a handshake to an ``AdmittedUpgrade``.
package struct MiddlewareChain: Sendable {
    struct Step: Sendable {
        let name: String
        let isShadow: Bool
        let middleware: any HandshakeMiddleware
        /// Where it stands in the policy.
        var position: SourcePosition?
    }

    let steps: [Step]
    /// Names that the policy sets toward the upstream. What a client sent under them is never believed.
    private let policyHeaders: [String]
    /// Names under which a service or a `token` judges what the client sent: nothing that an upstream could take for
    /// them passes beside.
    private let judgedHeaders: [String]
    private let tokens: TokenIssuers
    private let tickets: TicketOffice
    private let uses: (any UseCounter)?
    /// Whether a token that it admits may be turned into a ticket.
    package let givesTickets: Bool
    /// What authorisation services have said yes to of each connection that it has admitted.
    package let questions: [AuthorizeSettings]

    /// Each chain keeps rates and counts of its own, by its `name`.
    package init(entries: [MiddlewareEntry], name: String, environment: inout MiddlewareEnvironment) {
        var steps: [Step] = []
        for entry in entries {
            let middleware = entry.settings.middleware(of: name, in: &environment)
            steps.append(
                Step(
                    name: entry.settings.name, isShadow: entry.mode == .shadow, middleware: middleware,
                    position: entry.position))
        }
        let policyHeaders = steps.filter { !$0.isShadow }.flatMap(\.middleware.upstreamHeaders)
        let enforced = entries.filter { $0.mode == .enforce }.map(\.settings)
        let judgedHeaders = enforced.flatMap { settings -> [String] in
            switch settings {
            case .authorize(let settings): settings.copiedRequestHeaders
            case .token(let settings): settings.carriers.compactMap(\.headerName)
            default: []
            }
        }
        let givesTickets = entries.contains { entry in
            guard entry.mode == .enforce, case .token(let settings) = entry.settings else { return false }
            return settings.ticketParameter != nil
        }
        self.init(
            steps, policyHeaders: policyHeaders, judgedHeaders: judgedHeaders, tokens: environment.tokens,
            tickets: environment.memory.tickets, uses: environment.uses, givesTickets: givesTickets,
            questions: enforced.compactMap { if case .authorize(let settings) = $0 { settings.question } else { nil } })
    }

    init(
        _ steps: [Step], policyHeaders: [String] = [], judgedHeaders: [String] = [], tokens: TokenIssuers,
        tickets: TicketOffice = TicketOffice(), uses: (any UseCounter)? = nil, givesTickets: Bool = false,
        questions: [AuthorizeSettings] = []
    ) {
        self.questions = questions
        self.judgedHeaders = judgedHeaders
        self.tickets = tickets
        self.uses = uses
        self.givesTickets = givesTickets
        self.steps = steps
        self.policyHeaders = policyHeaders
        self.tokens = tokens
    }

    /// How connections that it has admitted may bring a fresh token; nil where they may not.
    package var renewal: TokenRenewal? {
        for step in steps where !step.isShadow {
            if let check = step.middleware as? TokenCheck { return check.renewal }
        }
        return nil
    }

    /// Runs the chain until something refuses or has to wait. On refusal, what the context held is given back at once.
    package func admit(_ context: consuming HandshakeContext) -> ChainOutcome {
        var context = context
        for name in policyHeaders { context.upstreamHeaders.removeEquivalent(name) }
        for name in judgedHeaders { context.upstreamHeaders.removeOtherSpellings(of: name) }
        return run(context, from: 0)
    }

    /// Goes on with a handshake whose step `index` has had to wait.
    fileprivate func resume(
        _ context: consuming HandshakeContext, at index: Int, with conclusion: @escaping Conclusion
    ) -> ChainOutcome {
        run(context, from: index, with: conclusion)
    }

    /// Runs the steps from `start` on. With a `conclusion` the handshake has waited, and the first step is judged by it.
    private func run(
        _ context: consuming HandshakeContext, from start: Int, with conclusion: Conclusion? = nil
    ) -> ChainOutcome {
        var context = context
        for index in start..<steps.count where steps[index].middleware.judges(context.purpose) {
            switch Self.judge(steps[index], &context, by: index == start ? conclusion : nil) {
            case .pass: continue
            case .refuse(let refusal): return Self.refused(refusal, context)
            case .wait(.errand(let errand)) where context.purpose != .connection:
                // Nobody waits for a ticket: who asks again finds the answer.
                errand.ask { _ in }
                return Self.refused(errand.late, context)
            case .wait(let pending):
                return .suspended(SuspendedHandshake(pending: pending, context: context, chain: self, index: index))
            }
        }
        if context.purpose == .connection {
            // Behind all steps, so that it is counted once, when nothing else is in its way.
            let verdict = start == steps.count ? conclusion?(&context) : nil
            switch verdict ?? context.count(by: uses) {
            case .pass: break
            case .refuse(let refusal): return Self.refused(refusal, context)
            case .wait(let pending):
                return .suspended(
                    SuspendedHandshake(pending: pending, context: context, chain: self, index: steps.count))
            }
        }
        // While it waited a revocation may have come, which found no connection to end, or the token's own end.
        if conclusion != nil, let identity = context.identity {
            do throws(TokenError) {
                try tokens.recheck(identity, now: context.time.unixSeconds)
            } catch {
                return Self.refused(Refusal(RefusalReason(error)), context)
            }
        }
        return context.purpose == .connection ? .admitted(AdmittedUpgrade(context)) : answered(context)
    }

    /// The answer to a request that wants no connection.
    private func answered(_ context: consuming HandshakeContext) -> ChainOutcome {
        context.leases = []
        guard case .ticket(let seed) = context.purpose else {
            // A page of the gateway's own origin does not ask first.
            guard context.allowedOrigin != nil else { return .refused(Refusal(.originMissing), context) }
            return .answered(.mayAsk, context)
        }
        guard let token = context.ticketToken else { return .refused(Refusal(.tokenMissing), context) }
        switch tickets.issue(for: token, seed: seed, now: context.time.monotonic) {
        case .ticket(let ticket): return .answered(.ticket(ticket), context)
        case .tooMany:
            let wait = Int(TicketOffice.lifetime)
            return .refused(Refusal(.ticketLimitExceeded, retryAfterSeconds: wait), context)
        case .full: return .refused(Refusal(.capacityExceeded), context)
        }
    }

    private static func refused(_ refusal: Refusal, _ context: consuming HandshakeContext) -> ChainOutcome {
        context.leases = []
        return .refused(refusal, context)
    }

    /// A step's verdict. In shadow mode it works on a copy, and only what it would have refused is kept. Leases stay too:
    /// without them a limit in shadow mode would count nobody and never be reached.
    static func judge(
        _ step: Step, _ context: inout HandshakeContext, by conclusion: Conclusion?
    ) -> Verdict {
        guard step.isShadow else {
            let verdict = conclusion?(&context) ?? step.middleware.evaluate(&context)
            context.trace?.end(step.name, at: step.position, isShadow: step.isShadow, by: verdict)
            return verdict
        }
        var copy = context
        copy.isTrial = true
        let verdict = conclusion?(&copy) ?? step.middleware.evaluate(&copy)
        context.leases = copy.leases
        context.trace = copy.trace
        context.trace?.end(step.name, at: step.position, isShadow: step.isShadow, by: verdict)
        let refusal: Refusal
        switch verdict {
        case .pass: return verdict
        case .wait(.errand(let errand)):
            guard context.purpose != .connection else { return verdict }
            errand.ask { _ in }
            refusal = errand.late
        case .refuse(let refused): refusal = refused
        // Nothing is read, let alone swallowed, for a step that does not count.
        case .wait(.firstMessage(let demand)): refusal = demand.late
        }
        context.shadowRefusals.append(ShadowRefusal(middleware: step.name, reason: refusal.reason))
        return .pass
    }
}

/// What a chain made of a handshake.
package enum ChainOutcome: Sendable {
    case admitted(AdmittedUpgrade)
    /// With the context as it was then, for the audit log. Its request may still carry a token.
    case refused(Refusal, HandshakeContext)
    /// A request that wanted no connection has what it wanted.
    case answered(ChainAnswer, HandshakeContext)
    /// A step has to wait; nothing is decided.
    case suspended(SuspendedHandshake)
}

/// What a chain gives to a request that wants no connection.
package enum ChainAnswer: Sendable {
    /// A ticket, good for ``TicketOffice/lifetime`` seconds.
    case ticket(String)
    /// A page of the context's `allowedOrigin` may ask for one.
    case mayAsk
}

/// A handshake in the middle of its chain.
package struct SuspendedHandshake: Sendable {
    /// What it waits for.
    package let pending: PendingVerdict
    /// As it was when it was suspended, for the audit log.
    package private(set) var context: HandshakeContext
    private let chain: MiddlewareChain
    private let index: Int

    fileprivate init(pending: PendingVerdict, context: HandshakeContext, chain: MiddlewareChain, index: Int) {
        self.pending = pending
        self.context = context
        self.chain = chain
        self.index = index
    }

    /// Goes on at `time`, the step that waited judging by `conclusion`.
    package consuming func resume(at time: HandshakeTime, with conclusion: @escaping Conclusion) -> ChainOutcome {
        context.time = time
        return chain.resume(context, at: index, with: conclusion)
    }
}

/// The proof that a handshake has passed its route's chain: nothing else can make one, and a relay cannot be built without.
package struct AdmittedUpgrade: Sendable {
    /// Without the token's carriers in `target` and `subprotocols`.
    package let request: UpgradeRequest
    package let clientAddress: IPAddress
    package let requestID: String
    package let identity: VerifiedToken?
    /// Whom an authorisation service has named.
    package let authorizedSubject: String?
    /// Until when that token holds the connection; nil without one.
    package let identityTerm: IdentityTerm?
    /// See ``HandshakeContext/upstreamHeaders``.
    package let upstreamHeaders: HeaderFields
    /// Made on the upstream's 101 before it goes to the client, in this order.
    package let responseEdits: [HeaderEdit]
    /// Given back when the last copy of this value is gone.
    package let leases: [ConnectionLease]
    package let shadowRefusals: [ShadowRefusal]
    /// See ``HandshakeContext/trace``.
    package let trace: ChainTrace?

    fileprivate init(_ context: HandshakeContext) {
        request = context.request
        clientAddress = context.clientAddress
        requestID = context.requestID
        identity = context.identity
        authorizedSubject = context.authorizedSubject
        identityTerm = context.identityTerm
        upstreamHeaders = context.upstreamHeaders
        responseEdits = context.responseEdits
        leases = context.leases
        shadowRefusals = context.shadowRefusals
        trace = context.trace
    }
}
