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
        let position: SourcePosition
        /// nil for a middleware that needs more than an address; the policy's reader allows none here.
        let check: (any AddressCheck)?
    }

    private let steps: [Step]

    /// It keeps rates and counts by its `name`.
    package init(entries: [MiddlewareEntry], name: String, environment: inout MiddlewareEnvironment) {
        var steps: [Step] = []
        for entry in entries {
            let check = entry.settings.middleware(of: name, in: &environment) as? any AddressCheck
            steps.append(
                Step(
                    name: entry.settings.name, isShadow: entry.mode == .shadow, position: entry.position, check: check))
        }
        self.steps = steps
    }

    /// `monotonic` in nanoseconds.
    package func admit(_ address: IPAddress, monotonic: Int64) -> Result<AdmissionLeases, RefusalReason> {
        var question = AddressQuestion(address, monotonic: monotonic)
        return admit(&question)
    }

    /// The same; what the steps have said is in the question's trace, where it has one. A refusal leaves no leases behind.
    package func admit(_ question: inout AddressQuestion) -> Result<AdmissionLeases, RefusalReason> {
        defer { question.leases = [] }
        var shadowRefusals: [ShadowRefusal] = []
        for step in steps {
            // Fail closed: a check that cannot be made lets nobody in.
            guard let check = step.check else { return .failure(.ipNotAllowed) }
            let refusal = check.refusal(&question)
            question.trace?.end(
                step.name, at: step.position, isShadow: step.isShadow, by: refusal.map { .refuse($0) } ?? .pass)
            guard let refusal else { continue }
            // None but built-ins stand here; whatever else there were would let nobody in either.
            guard step.isShadow else { return .failure(refusal.reason.builtin ?? .ipNotAllowed) }
            shadowRefusals.append(ShadowRefusal(middleware: step.name, reason: refusal.reason))
        }
        return .success(AdmissionLeases(leases: question.leases, shadowRefusals: shadowRefusals))
    }

    /// Whether a peer that was admitted before, and holds `held`, would still be: what it holds from now on, in place of that.
    package func recheck(
        _ address: IPAddress, holding held: [ConnectionLease]
    ) -> Result<[ConnectionLease], RefusalReason> {
        var question = AddressQuestion(address, monotonic: 0)
        for step in steps {
            guard let check = step.check else { return .failure(.ipNotAllowed) }
            let refusal = check.refusal(ofLive: &question, holding: held, isTrial: step.isShadow)
            if let refusal, !step.isShadow { return .failure(refusal.reason.builtin ?? .ipNotAllowed) }
        }
        return .success(question.leases)
    }
}
