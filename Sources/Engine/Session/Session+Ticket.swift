internal import Middleware
internal import PolicyModel
internal import WebSocketProtocol

/// Requests for one-time tickets.
extension Session {
    /// Answers a request for a ticket. False where this is none.
    func answersTicket(_ entry: RequestEntry, _ runtime: GatewayRuntime) -> Bool {
        guard let request = TicketRequest(entry, runtime.routes) else { return false }
        switch request.judge(seed: worker.random.bytes(32), at: time) {
        case .given(let answer, let context, let route):
            facts.route = route.policy.name
            facts.note(context)
            facts.answerTicket(status: answer.status, now: worker.now, since: acceptedAt)
            host.write(facts)
            answerAndEnd(answer)
        case .unfit(let error):
            tellRefused(error.detail)
            refuse(Refusal(of: error))
        case .refused(let refusal, let headers, let judged):
            if let judged {
                facts.route = judged.route.policy.name
                facts.note(judged.context)
            }
            refuse(refusal, headers: headers)
        }
        return true
    }
}
