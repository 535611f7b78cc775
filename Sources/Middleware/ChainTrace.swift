package import PolicyModel

/// What a chain did with one handshake, step by step: kept only where somebody asks for it, as `explain` does.
package struct ChainTrace: Sendable {
    /// What a step said. In shadow mode nothing comes of it.
    package enum Decision: Sendable {
        case passed
        case refused(Refusal)
        /// It can say nothing before it has had an answer.
        case waits(PendingVerdict)
    }

    /// A step that was asked.
    package struct Step: Sendable {
        /// The middleware's name in the policy language.
        package let middleware: String
        /// Where it stands in the policy; nil for one that stands in none.
        package let position: SourcePosition?
        package let isShadow: Bool
        package let decision: Decision
        /// What it looked at and found, in its own words: never a token, nor a part of one.
        package let notes: [String]
    }

    /// In the order in which they were asked. One that has had to wait is there twice.
    package private(set) var steps: [Step] = []
    /// Of the step that is being asked.
    private var notes: [String] = []

    package init() {}

    mutating func note(_ text: String) { notes.append(text) }

    mutating func end(_ name: String, at position: SourcePosition?, isShadow: Bool, by verdict: Verdict) {
        let decision: Decision
        switch verdict {
        case .pass: decision = .passed
        case .refuse(let refusal): decision = .refused(refusal)
        case .wait(let pending): decision = .waits(pending)
        }
        steps.append(
            Step(
                middleware: name, position: position, isShadow: isShadow, decision: decision, notes: notes))
        notes = []
    }
}

extension HandshakeContext {
    /// Tells whoever follows the chain what a step has seen; costs nothing where nobody does.
    package mutating func note(_ text: @autoclosure () -> String) {
        guard trace != nil else { return }
        trace?.note(text())
    }
}
