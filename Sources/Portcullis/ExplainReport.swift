import Engine
import Middleware
import PolicyModel
import Tokens

/// What `explain --json` prints. Names stay as they are; what there is nothing to say of is left out.
struct ExplainReport: Encodable {
    struct Field: Encodable {
        let name: String
        let value: String
    }

    struct Named: Encodable {
        let name: String
        let position: ReportedPlace
        var upstream: String?
    }

    struct Step: Encodable {
        let stage: String
        let name: String
        let position: ReportedPlace?
        let shadow: Bool
        /// `passed`, `refused` or `waits`.
        let decision: String
        let reason: String?
        let waitsFor: String?
        let notes: [String]
    }

    struct ShadowRefusal: Encodable {
        let middleware: String
        let position: ReportedPlace?
        let reason: String
    }

    struct Identity: Encodable {
        let subject: String
        let id: String?
        let issuer: String?
        let claims: ClaimValue
    }

    struct Upstream: Encodable {
        let endpoint: String
        let target: String
        let subprotocols: [String]
        let headers: [Field]
    }

    struct Response: Encodable {
        let status: Int
        let headers: [Field]
        let body: String?
    }

    struct Outcome: Encodable {
        /// `admitted`, `refused`, `answered` or `undecided`.
        let decision: String
        let reason: String?
        /// Of the HTTP answer; left out where there is none.
        let status: Int?
        /// Of the close frame that stands in its place behind a 101.
        let closeCode: UInt16?
        let waitsFor: String?
    }

    let url: String
    let outcome: Outcome
    /// Those before, with `--repeat`.
    let earlier: [Outcome]
    let listener: Named
    let route: Named?
    let clientAddress: String
    let steps: [Step]
    let shadowRefusals: [ShadowRefusal]
    let identity: Identity?
    let upstream: Upstream?
    let response: Response?
    let responseEdits: [String]
    let touched: [ReportedPlace]
    let messages: [ExplainedMessage]
    let problems: [String]

    init(_ explanation: Explanation) {
        let handshake = explanation.handshake
        url = explanation.shown(url: explanation.url)
        outcome = Outcome(handshake)
        earlier = explanation.earlier.map(Outcome.init)
        listener = Named(name: handshake.listener.name, position: ReportedPlace(handshake.listener.position))
        route = handshake.route.map {
            Named(name: $0.name, position: ReportedPlace($0.position), upstream: $0.upstream)
        }
        clientAddress = handshake.clientAddress.description
        steps = handshake.steps.map(Step.init)
        shadowRefusals = handshake.shadowRefusals.map {
            ShadowRefusal(middleware: $0.middleware, position: $0.position.map(ReportedPlace.init), reason: $0.reason)
        }
        identity = handshake.identity.map {
            Identity(subject: $0.subject, id: $0.id, issuer: $0.issuer, claims: .object($0.claims))
        }
        upstream = handshake.upstream.map { request in
            Upstream(
                endpoint: request.endpoint, target: explanation.shown(url: request.target),
                subprotocols: request.subprotocols,
                headers: request.headers.map { Field(name: $0.name, value: explanation.shown($0.value, of: $0.name)) })
        }
        response = Self.response(handshake)
        responseEdits = handshake.responseEdits.map(\.description)
        touched = handshake.touched.map(ReportedPlace.init)
        messages = explanation.messages.map(ExplainedMessage.init)
        problems = explanation.problems
    }

    private static func response(_ handshake: RehearsedHandshake) -> Response? {
        let answer: RehearsedAnswer?
        switch handshake.decision {
        case .refused(let refusal): answer = refusal.answer
        case .answered(let given): answer = given
        case .admitted, .undecided: answer = nil
        }
        if let answer {
            return Response(
                status: answer.status, headers: answer.headers.map { Field(name: $0.name, value: $0.value) },
                body: answer.body)
        }
        guard !handshake.responseHeaders.isEmpty else { return nil }
        return Response(
            status: 101, headers: handshake.responseHeaders.map { Field(name: $0.name, value: $0.value) }, body: nil)
    }
}

extension ExplainReport.Outcome {
    init(_ handshake: RehearsedHandshake) {
        switch handshake.decision {
        case .admitted:
            self.init(decision: "admitted", reason: nil, status: 101, closeCode: nil, waitsFor: nil)
        case .refused(let refusal):
            self.init(
                decision: "refused", reason: refusal.reason, status: refusal.answer?.status,
                closeCode: refusal.closeCode, waitsFor: nil)
        case .answered(let answer):
            self.init(decision: "answered", reason: nil, status: answer.status, closeCode: nil, waitsFor: nil)
        case .undecided(let wait):
            self.init(decision: "undecided", reason: nil, status: nil, closeCode: nil, waitsFor: wait.name)
        }
    }
}

extension ExplainReport.Step {
    init(_ step: RehearsedStep) {
        var (decision, reason, wait): (String, String?, String?) = ("passed", nil, nil)
        switch step.decision {
        case .passed: break
        case .refused(let cause): (decision, reason) = ("refused", cause)
        case .waits(let pending): (decision, wait) = ("waits", pending.name)
        }
        self.init(
            stage: step.stage.rawValue, name: step.name, position: step.position.map(ReportedPlace.init),
            shadow: step.isShadow, decision: decision, reason: reason, waitsFor: wait, notes: step.notes)
    }
}
