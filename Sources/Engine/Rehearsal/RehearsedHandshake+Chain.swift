internal import Middleware
internal import PolicyModel
internal import Tokens
internal import WebSocketProtocol

/// What chains leave behind, as a rehearsal tells it.
extension RehearsedHandshake {
    /// The step that has refused it; nil for one that nothing has refused yet.
    package var refusingStep: RehearsedStep? {
        steps.last { step in
            if case .refused = step.decision { !step.isShadow } else { false }
        }
    }

    mutating func note(_ context: HandshakeContext) {
        note(context.trace, .chain, context.shadowRefusals)
        identity = RehearsedIdentity(context.identity, context.authorizedSubject)
    }

    /// Adds the steps of a chain. One that has had to wait is told once. Each step in shadow mode that did not pass has one
    /// of the refusals.
    mutating func note(_ trace: ChainTrace?, _ stage: RehearsedStep.Stage, _ refusals: [ShadowRefusal]) {
        var refusals = refusals[...]
        let traced = trace?.steps ?? []
        var waitNotes: [String] = []
        for (index, step) in traced.enumerated() {
            var decision: RehearsedStep.Decision
            switch step.decision {
            case .passed: decision = .passed
            case .refused(let refusal): decision = .refused(refusal.reason.rawValue)
            case .waits(let pending):
                // It is there again once it has been answered.
                if !step.isShadow, index + 1 < traced.count {
                    waitNotes = step.notes
                    continue
                }
                decision = .waits(pending.isForMessage ? .firstMessage : .issuerKeys)
            }
            if step.isShadow, decision != .passed, let refusal = refusals.popFirst() {
                decision = .refused(refusal.reason.rawValue)
                shadowRefusals.append(
                    RehearsedShadowRefusal(
                        middleware: step.middleware, position: step.position, reason: refusal.reason.rawValue))
            }
            steps.append(
                RehearsedStep(
                    stage: stage, name: step.middleware, position: step.position, isShadow: step.isShadow,
                    decision: decision, notes: waitNotes + step.notes))
            waitNotes = []
        }
    }

    /// What the last step waits for.
    mutating func wait(for wait: RehearsedWait) {
        decision = .undecided(wait)
        guard let last = steps.last, case .waits = last.decision else { return }
        steps[steps.count - 1] = RehearsedStep(
            stage: last.stage, name: last.name, position: last.position, isShadow: false, decision: .waits(wait),
            notes: last.notes)
    }
}

extension PendingVerdict {
    fileprivate var isForMessage: Bool {
        if case .firstMessage = self { true } else { false }
    }
}

extension RehearsedIdentity {
    /// nil where nobody has said who it is.
    init?(_ token: VerifiedToken?, _ authorizedSubject: String?) {
        if let token {
            self.init(
                subject: token.subject, id: token.id, issuer: token.issuerName, claims: token.claims.payload)
        } else if let authorizedSubject {
            self.init(subject: authorizedSubject, id: nil, issuer: nil, claims: [:])
        } else {
            return nil
        }
    }
}

extension RehearsedAnswer {
    /// As its bytes have it.
    init(_ answer: FinalAnswer) {
        self.init(
            status: answer.status, headers: answer.serialized.map { ResponseHead.fields(of: $0) } ?? [],
            body: String(decoding: answer.body, as: UTF8.self))
    }
}

extension ResponseHead {
    /// The fields of the head that those bytes begin with; none where they begin with none.
    static func fields(of bytes: [UInt8]) -> [(name: String, value: String)] {
        var parser = ResponseHeadParser(maximumBytes: 1 << 20)
        return (try? parser.receive(bytes.span).head)?.headers.pairs ?? []
    }
}

extension HeaderFields {
    /// Names and values in their order.
    var pairs: [(name: String, value: String)] { fields.map { ($0.name, $0.value) } }
}
