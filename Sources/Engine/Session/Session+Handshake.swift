internal import Crypto
internal import Middleware
internal import PolicyModel
internal import WebSocketProtocol

/// The request head, the router and the chain.
extension Session {
    func receiveHead(_ bytes: Span<UInt8>) {
        guard case .head(var parser) = phase else { return }
        // The parser's buffer must have one owner, or it would be copied for each chunk.
        phase = .judging
        do throws(HandshakeError) {
            let (consumed, head) = try parser.receive(bytes)
            phase = .head(parser)
            guard let head else { return }
            // Nothing more is read until the upstream has answered; what is here already waits.
            client?.setReading(false, watchingHangup: true)
            keepEarly(bytes.extracting(consumed..<bytes.count))
            guard case .head = phase else { return }
            admit(head)
        } catch {
            phase = .head(parser)
            tellRefused(error.detail)
            refuse(Refusal(of: error))
        }
    }

    private func admit(_ head: RequestHead) {
        // All that is decided from here on is decided by one policy, the one that is in force now.
        let runtime = host.runtime
        facts.policyVersion = runtime.policyVersion
        let successor = runtime.successor(of: listener)
        // TLS was judged by the policy that was in force when it began, which may have demanded less, or other, certificates.
        let isProven = successor?.tls.clientDemand == listener.tls.clientDemand
        listener = successor ?? listener
        if !isProven { facts.clientCertificate = nil }
        let address = ClientAddress.resolve(
            peer: peer.ip, headers: head.headers, trusted: listener.policy.trustedProxies)
        facts.note(head, client: address)
        guard host.isAdmitting, successor != nil else { return refuse(Refusal(.draining)) }
        guard isProven || listener.tls.clientDemand.isEmpty else { return refuse(Refusal(.clientCertificateMissing)) }
        let entry = RequestEntry(
            head: head, clientAddress: address, clientCertificate: facts.clientCertificate, requestID: requestID)
        if answersTicket(entry, runtime) { return }
        let outcome = entry.find(runtime.router, runtime.routes, at: time)
        switch outcome {
        case .enters(let context, let route):
            facts.route = route.policy.name
            return settle(route.chain.admit(context), route)
        case .unfit(let error, let route):
            facts.route = route.policy.name
            tellRefused(error.detail)
        case .noRoute: break
        }
        if let refusal = outcome.refusal { refuse(refusal) }
    }

    /// The clocks of this moment.
    var time: HandshakeTime {
        HandshakeTime(unixSeconds: SystemClock.unixSeconds(), monotonic: worker.now)
    }

    /// Goes the way that the chain has decided on.
    func settle(_ outcome: ChainOutcome, _ route: RouteRuntime) {
        switch outcome {
        case .refused(let refusal, let context):
            facts.note(context)
            refuse(refusal)
        case .admitted(let admitted):
            facts.note(admitted)
            host.identities.insert(self, admitted.identity)
            hold(admitted, route)
            dial(admitted, route)
        case .answered:
            // Only what asks for a ticket is answered so, and that is not settled here.
            refuse(Refusal(.malformedRequest))
        case .suspended(let handshake):
            suspend(handshake, route)
        }
    }
}
