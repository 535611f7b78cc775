package import PolicyModel
package import Tokens
package import WebSocketProtocol

/// A route's middleware in the policy's order: the only way from a handshake to an ``AdmittedUpgrade``.
package struct MiddlewareChain: Sendable {
    private struct Step: Sendable {
        let name: String
        let isShadow: Bool
        let middleware: any HandshakeMiddleware
    }

    private let steps: [Step]
    /// Names that the policy sets toward the upstream. What a client sent under them is never believed.
    private let policyHeaders: [String]

    /// Each chain keeps rates and counts of its own, by its `name`.
    package init(entries: [MiddlewareEntry], name: String, environment: inout MiddlewareEnvironment) {
        var steps: [Step] = []
        for entry in entries {
            let middleware = entry.settings.middleware(of: name, in: &environment)
            steps.append(Step(name: entry.settings.name, isShadow: entry.mode == .shadow, middleware: middleware))
        }
        self.steps = steps
        policyHeaders = entries.flatMap { entry -> [String] in
            guard entry.mode == .enforce, case .headers(let settings) = entry.settings else { return [] }
            return settings.request.set.map(\.name)
        }
    }

    /// Runs the chain until something refuses. On refusal, what the context held is given back at once.
    package func admit(_ context: consuming HandshakeContext) -> ChainOutcome {
        var context = context
        for name in policyHeaders { context.upstreamHeaders.removeEquivalent(name) }
        for step in steps {
            if step.isShadow {
                Self.note(step, &context)
            } else if case .refuse(let refusal) = step.middleware.evaluate(&context) {
                context.leases = []
                return .refused(refusal, context)
            }
        }
        return .admitted(AdmittedUpgrade(context))
    }

    /// Runs a step on a copy, and keeps of it only what it would have refused. Leases stay too: without them a limit in
    /// shadow mode would count nobody and never be reached.
    private static func note(_ step: Step, _ context: inout HandshakeContext) {
        var copy = context
        let verdict = step.middleware.evaluate(&copy)
        context.leases = copy.leases
        if case .refuse(let refusal) = verdict {
            context.shadowRefusals.append(ShadowRefusal(middleware: step.name, reason: refusal.reason))
        }
    }
}

/// What a chain made of a handshake.
package enum ChainOutcome: Sendable {
    case admitted(AdmittedUpgrade)
    /// With the context as it was then, for the audit log. Its request may still carry a token.
    case refused(Refusal, HandshakeContext)
}

/// The proof that a handshake has passed its route's chain: nothing else can make one, and a relay cannot be built without.
package struct AdmittedUpgrade: Sendable {
    /// Without the token's carriers in `target` and `subprotocols`.
    package let request: UpgradeRequest
    package let clientAddress: IPAddress
    package let requestID: String
    package let identity: VerifiedToken?
    /// See ``HandshakeContext/upstreamHeaders``.
    package let upstreamHeaders: HeaderFields
    /// Made on the upstream's 101 before it goes to the client, in this order.
    package let responseEdits: [HeaderEdit]
    /// Given back when the last copy of this value is gone.
    package let leases: [ConnectionLease]
    package let shadowRefusals: [ShadowRefusal]

    fileprivate init(_ context: HandshakeContext) {
        request = context.request
        clientAddress = context.clientAddress
        requestID = context.requestID
        identity = context.identity
        upstreamHeaders = context.upstreamHeaders
        responseEdits = context.responseEdits
        leases = context.leases
        shadowRefusals = context.shadowRefusals
    }
}
