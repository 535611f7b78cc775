internal import Locking
internal import Middleware
internal import PolicyModel
internal import Tokens
internal import WebSocketProtocol

/// One handshake on its way through a rehearsal, in the order in which a gateway's acceptor and session ask.
struct HandshakeRun {
    private let made: MadeUpHandshake
    private let head: MadeUpHead
    private let listener: ListenerPolicy
    private let requestID: String
    private let time: HandshakeTime
    private var leases: [ConnectionLease] = []
    private(set) var result: RehearsedHandshake

    init(
        made: MadeUpHandshake, head: MadeUpHead, listener: ListenerPolicy, requestID: String, time: HandshakeTime
    ) {
        self.made = made
        self.head = head
        self.listener = listener
        self.requestID = requestID
        self.time = time
        // Until something lets it in.
        result = RehearsedHandshake(
            decision: .undecided(.firstMessage), listener: (listener.name, listener.position),
            clientAddress: made.peer)
    }

    mutating func go(
        _ admission: AdmissionChain, _ router: Router, _ routes: [RouteRuntime], _ service: RehearsalAuthorization
    ) {
        guard passesAdmission(admission), passesTLS(), let head = readHead() else { return }
        let entry = RequestEntry(
            head: head, clientAddress: result.clientAddress, clientCertificate: shownCertificate, requestID: requestID)
        if let request = TicketRequest(entry, routes) { return ask(request) }
        let found = entry.find(router, routes, at: time)
        noteRoute(found, head)
        switch found {
        case .enters(var context, let route):
            context.trace = ChainTrace()
            settle(route.chain.admit(context), route, service)
        case .unfit, .noRoute:
            if let refusal = found.refusal { refuse(refusal) }
        }
    }

    // MARK: - Before the chain

    private mutating func passesAdmission(_ admission: AdmissionChain) -> Bool {
        var question = AddressQuestion(made.peer, monotonic: time.monotonic, trace: ChainTrace())
        let outcome = admission.admit(&question)
        let shadowed: [ShadowRefusal]
        if case .success(let admitted) = outcome { shadowed = admitted.shadowRefusals } else { shadowed = [] }
        result.note(question.trace, .admission, shadowed)
        switch outcome {
        case .success(let admitted):
            leases = admitted.leases
            return true
        case .failure(let reason):
            drop(reason)
            return false
        }
    }

    /// Whether TLS would have been done with that certificate.
    private mutating func passesTLS() -> Bool {
        guard let demand = listener.tls.clientCertificates else { return true }
        let isMissing = made.clientCertificate == nil && demand.mode == .require
        step(
            .request, "client_certificate", listener.position,
            isMissing ? .refused(RefusalReason.clientCertificateMissing.rawValue) : .passed,
            [made.clientCertificate.map { "the client shows one of \($0)" } ?? "the client shows none"])
        if isMissing { drop(.clientCertificateMissing) }
        return !isMissing
    }

    /// A client shows its certificate where the listener asks for one, and nowhere else.
    private var shownCertificate: String? {
        listener.tls.clientCertificates == nil ? nil : made.clientCertificate
    }

    private mutating func readHead() -> RequestHead? {
        do throws(HandshakeError) {
            let head = try RequestHead(parsing: head.serialized, maximumBytes: listener.limits.headerBytes)
            result.clientAddress = ClientAddress.resolve(
                peer: made.peer, headers: head.headers, trusted: listener.trustedProxies)
            let isTrusted = listener.trustedProxies.contains(made.peer)
            let notes =
                result.clientAddress != made.peer
                ? ["the client is \(result.clientAddress), by X-Forwarded-For of \(made.peer), a trusted proxy"]
                : head.headers.contains("X-Forwarded-For") && !isTrusted
                    ? ["X-Forwarded-For is not believed: \(made.peer) is no trusted proxy"] : []
            step(.request, "request_head", nil, .passed, notes)
            return head
        } catch {
            let refusal = Refusal(of: error)
            step(.request, "request_head", nil, .refused(refusal.reason.rawValue), [error.detail])
            refuse(refusal)
            return nil
        }
    }

    private mutating func noteRoute(_ found: RequestEntry.Outcome, _ head: RequestHead) {
        let what = "host \(head.host.name), path \(head.target.path)"
        switch found {
        case .enters(_, let route):
            enter(route)
            step(.route, "route", route.policy.position, .passed, ["\(what): \(route.policy.name)"])
            step(.request, "handshake", nil, .passed)
        case .unfit(let error, let route):
            enter(route)
            step(.route, "route", route.policy.position, .passed, ["\(what): \(route.policy.name)"])
            step(.request, "handshake", nil, .refused(Refusal(of: error).reason.rawValue), [error.detail])
        case .noRoute:
            step(
                .route, "route", nil, .refused(RefusalReason.routeNotFound.rawValue), ["\(what): no route matches"])
        }
    }

    private mutating func enter(_ route: RouteRuntime) {
        result.route = RehearsedRoute(
            name: route.policy.name, position: route.policy.position, upstream: route.policy.upstream)
    }

    // MARK: - Tickets

    private mutating func ask(_ request: TicketRequest) {
        switch request.judge(seed: Self.seed(of: requestID), at: time, isTraced: true) {
        case .given(let answer, let context, let route):
            enter(route)
            result.note(context)
            result.decision = .answered(RehearsedAnswer(answer))
        case .unfit(let error):
            let refusal = Refusal(of: error)
            step(.request, "ticket", nil, .refused(refusal.reason.rawValue), [error.detail])
            refuse(refusal)
        case .refused(let refusal, let headers, let judged):
            if let judged {
                enter(judged.route)
                result.note(judged.context)
            } else {
                step(.request, "ticket", nil, .refused(refusal.reason.rawValue))
            }
            refuse(refusal, headers: headers)
        }
    }

    // MARK: - The chain

    private mutating func settle(
        _ outcome: ChainOutcome, _ route: RouteRuntime, _ service: RehearsalAuthorization
    ) {
        var outcome = outcome
        while true {
            switch outcome {
            case .admitted(let admitted): return open(admitted, route)
            case .answered: return refuse(Refusal(.malformedRequest))
            case .refused(let refusal, let context):
                result.note(context)
                noteEnd(of: context.identity, refusal)
                return refuse(refusal)
            case .suspended(let handshake):
                switch conclusion(of: handshake, service) {
                case .success(let conclusion): outcome = handshake.resume(at: time, with: conclusion)
                case .failure(let stop):
                    result.note(handshake.context)
                    switch stop {
                    case .waits(let wait): result.wait(for: wait)
                    case .refused(let refusal): refuse(refusal)
                    }
                    return
                }
            }
        }
    }

    private enum Stop: Error {
        case waits(RehearsedWait)
        case refused(Refusal)
    }

    /// How the step ends that waits.
    private mutating func conclusion(
        of handshake: borrowing SuspendedHandshake, _ service: RehearsalAuthorization
    ) -> Result<Conclusion, Stop> {
        switch handshake.pending {
        case .errand(let errand):
            let answer = Lock<Conclusion?>(nil)
            _ = service.takeUnanswered()
            // Whatever answers here answers before this returns.
            errand.ask { conclusion in answer.withLock { $0 = conclusion } }
            if let conclusion = answer.withLock({ $0 }) { return .success(conclusion) }
            let url = service.takeUnanswered()
            return .failure(.waits(url.map { .authorization(url: $0) } ?? .issuerKeys))
        case .firstMessage(let demand):
            let opening = OpeningAnswer(greeting: handshake.context)
            guard let bytes = opening.serialized else { return .failure(.refused(Refusal(.malformedRequest))) }
            result.isGreeted = true
            result.responseHeaders = ResponseHead.fields(of: bytes)
            result.responseEdits = handshake.context.responseEdits
            guard let message = head.firstMessage.map({ Array($0.utf8) }) else {
                return .failure(.waits(.firstMessage))
            }
            guard message.count <= demand.maximumBytes else { return .failure(.refused(demand.unfit)) }
            return .success(demand.conclusion(on: message))
        }
    }

    /// What is asked behind all steps of the chain.
    private mutating func noteEnd(of identity: VerifiedToken?, _ refusal: Refusal? = nil) {
        let isStep = result.refusingStep != nil
        guard !isStep, let identity else { return }
        guard refusal != nil || identity.claims.uses != nil else { return }
        let notes = identity.claims.uses.map { ["the token is good for \($0) \($0 == 1 ? "use" : "uses")"] } ?? []
        step(.chain, "token_uses", nil, refusal.map { .refused($0.reason.rawValue) } ?? .passed, notes)
    }

    // MARK: - Ends

    private mutating func open(_ admitted: AdmittedUpgrade, _ route: RouteRuntime) {
        result.note(admitted.trace, .chain, admitted.shadowRefusals)
        result.identity = RehearsedIdentity(admitted.identity, admitted.authorizedSubject)
        noteEnd(of: admitted.identity)
        let deflate = DeflateNegotiation(route.policy.compression, admitted.request, isGreeted: result.isGreeted)
        let endpoint = route.upstream.policy.endpoints.first
        let request = UpstreamRequest(
            admitted, basePath: endpoint?.basePath ?? "", key: MadeUpHead.key, offers: deflate.offers,
            peer: made.peer, trustedProxies: listener.trustedProxies)
        guard let bytes = request.serialized,
            let sent = try? RequestHead(parsing: bytes, maximumBytes: 1 << 20)
        else { return refuse(Refusal(.malformedRequest)) }
        result.upstream = RehearsedUpstreamRequest(
            endpoint: endpoint?.description ?? "", target: request.target, subprotocols: request.subprotocols,
            headers: sent.headers.pairs)
        result.responseEdits = admitted.responseEdits
        if !result.isGreeted {
            let answer = OpeningAnswer(
                passing: HeaderFields(), to: admitted, subprotocol: nil, deflate: deflate.answer(after: nil))
            result.responseHeaders = answer.serialized.map { ResponseHead.fields(of: $0) } ?? []
        }
        result.connection = RehearsedConnection(
            admitted, route, clientCertificate: shownCertificate, leases: leases + admitted.leases, at: time)
        result.decision = .admitted
    }

    private mutating func refuse(_ refusal: Refusal, headers: HeaderFields = HeaderFields()) {
        let reason = refusal.reason.rawValue
        guard !result.isGreeted else {
            let code = refusal.reason.closeCode.rawValue
            result.decision = .refused(RehearsedRefusal(reason: reason, answer: nil, closeCode: code))
            return
        }
        let answer = FinalAnswer(refusal, requestID: requestID, headers: headers)
        result.decision = .refused(
            RehearsedRefusal(reason: reason, answer: RehearsedAnswer(answer), closeCode: nil))
    }

    /// Ends it without an answer.
    private mutating func drop(_ reason: RefusalReason) {
        result.decision = .refused(RehearsedRefusal(reason: reason.rawValue, answer: nil, closeCode: nil))
    }

    private mutating func step(
        _ stage: RehearsedStep.Stage, _ name: String, _ position: SourcePosition?, _ decision: RehearsedStep.Decision,
        _ notes: [String] = []
    ) {
        result.steps.append(
            RehearsedStep(
                stage: stage, name: name, position: position, isShadow: false, decision: decision, notes: notes))
    }

    /// What a ticket is made of here: nobody else can redeem it.
    private static func seed(of requestID: String) -> [UInt8] {
        Array((Array(requestID.utf8) + Array(repeating: 0, count: 32)).prefix(32))
    }
}
