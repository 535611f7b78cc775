package import PolicyModel
package import Tokens
package import WebSocketProtocol

/// What is kept of a live connection's handshake, and what it holds: all that a changed policy judges it by.
package struct LiveConnection: Sendable {
    package var host: RequestHost
    /// Without its query, in which a token may have stood.
    package var target: RequestTarget
    package var origin: String?
    package var clientAddress: IPAddress
    package var clientCertificate: String?
    package var requestID: String
    package var identity: VerifiedToken?
    /// See ``MiddlewareChain/questions``, of the chain that has admitted it.
    package var answers: [AuthorizeSettings]
    package var leases: [ConnectionLease]

    package init(
        host: RequestHost, target: RequestTarget, origin: String? = nil, clientAddress: IPAddress,
        clientCertificate: String? = nil, requestID: String, identity: VerifiedToken? = nil,
        answers: [AuthorizeSettings] = [], leases: [ConnectionLease] = []
    ) {
        self.host = host
        self.target = target
        self.origin = origin
        self.clientAddress = clientAddress
        self.clientCertificate = clientCertificate
        self.requestID = requestID
        self.identity = identity
        self.answers = answers
        self.leases = leases
    }
}

/// What becomes of a live connection that is judged again.
package enum RecheckOutcome: Sendable {
    /// It stays, and holds these from now on, in place of all that it held; its token holds it until `term`, where one was asked
    /// for.
    case stays(leases: [ConnectionLease], term: IdentityTerm?)
    case refused(Refusal)
}

extension MiddlewareChain {
    /// Whether a live connection would still be admitted, as far as that can be told without its credentials.
    package func recheck(_ live: LiveConnection, at time: HandshakeTime) -> RecheckOutcome {
        let head = RequestHead(
            method: "GET", target: live.target, host: live.host,
            headers: HeaderFields(live.origin.map { [HeaderField(name: "Origin", value: $0)] } ?? []))
        let request: UpgradeRequest
        do throws(HandshakeError) {
            request = try UpgradeRequest(withoutUpgrade: head, maximumBodyBytes: 0)
        } catch {
            return .refused(Refusal(of: error))
        }
        var context = HandshakeContext(
            request: request, clientAddress: live.clientAddress, clientCertificate: live.clientCertificate,
            requestID: live.requestID, time: time, purpose: .recheck)
        context.live = live
        for step in steps where step.middleware.judges(.recheck) {
            switch Self.judge(step, &context, by: nil) {
            case .pass: continue
            case .refuse(let refusal): return .refused(refusal)
            // Nobody waits here, and nobody stays for want of an answer.
            case .wait: return .refused(Refusal(.authorizationUnavailable))
            }
        }
        return .stays(leases: context.leases, term: context.identityTerm)
    }
}
