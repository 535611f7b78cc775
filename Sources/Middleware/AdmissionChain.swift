package import PolicyModel

/// What an admitted peer holds as long as its connection lives.
package struct AdmissionLeases: Sendable {
    package let leases: [ConnectionLease]
    package let shadowRefusals: [ShadowRefusal]
}

/// A listener's `admission`: what can be asked of a peer's address alone, before any TLS work.
package struct AdmissionChain: Sendable {
    private struct Step: Sendable {
        let name: String
        let isShadow: Bool
        /// nil for a middleware that needs more than an address; the policy's reader allows none here.
        let check: (any AddressCheck)?
    }

    private let steps: [Step]

    /// It keeps rates and counts by its `name`.
    package init(entries: [MiddlewareEntry], name: String, environment: inout MiddlewareEnvironment) {
        var steps: [Step] = []
        for entry in entries {
            let check = entry.settings.middleware(of: name, in: &environment) as? any AddressCheck
            steps.append(Step(name: entry.settings.name, isShadow: entry.mode == .shadow, check: check))
        }
        self.steps = steps
    }

    /// `monotonic` in nanoseconds.
    package func admit(_ address: IPAddress, monotonic: Int64) -> Result<AdmissionLeases, RefusalReason> {
        var leases: [ConnectionLease] = []
        var shadowRefusals: [ShadowRefusal] = []
        for step in steps {
            // Fail closed: a check that cannot be made lets nobody in.
            guard let check = step.check else { return .failure(.ipNotAllowed) }
            guard let refusal = check.refusal(of: address, monotonic: monotonic, leases: &leases) else { continue }
            // None but built-ins stand here; whatever else there were would let nobody in either.
            guard step.isShadow else { return .failure(refusal.reason.builtin ?? .ipNotAllowed) }
            shadowRefusals.append(ShadowRefusal(middleware: step.name, reason: refusal.reason))
        }
        return .success(AdmissionLeases(leases: leases, shadowRefusals: shadowRefusals))
    }

    /// Whether a peer that was admitted before, and holds `held`, would still be: what it holds from now on, in place of that.
    package func recheck(
        _ address: IPAddress, holding held: [ConnectionLease]
    ) -> Result<[ConnectionLease], RefusalReason> {
        var leases: [ConnectionLease] = []
        for step in steps {
            guard let check = step.check else { return .failure(.ipNotAllowed) }
            let refusal = check.refusal(ofLive: address, holding: held, isTrial: step.isShadow, leases: &leases)
            if let refusal, !step.isShadow { return .failure(refusal.reason.builtin ?? .ipNotAllowed) }
        }
        return .success(leases)
    }
}
