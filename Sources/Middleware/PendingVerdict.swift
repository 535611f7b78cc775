import WebSocketProtocol

/// How a step that had to wait ends: its verdict, given where the handshake is judged, with the time of then in the context.
package typealias Conclusion = @Sendable (inout HandshakeContext) -> Verdict

/// What a step waits for before it can say what it thinks. The handshake is suspended meanwhile, and no other one.
package enum PendingVerdict: Sendable {
    /// An answer from elsewhere: a service, a store.
    case errand(Errand)
    /// The client's first message, for which the gateway opens the connection itself: from then on a refusal is a close frame.
    case firstMessage(FirstMessageDemand)
}

/// What a client has to send before anything else.
package struct FirstMessageDemand: Sendable {
    /// Of one text message.
    package let maximumBytes: Int
    /// From the 101 to the message's end.
    package let timeout: Duration
    /// What a handshake is refused with that sends none in time.
    package let late: Refusal
    /// What one is refused with that sends something else, or more.
    package let unfit: Refusal
    /// The verdict on a message.
    let judge: @Sendable (_ message: [UInt8]) -> Conclusion

    /// How the step ends that has waited for this message. The client has been answered with the first of its subprotocols by
    /// then: the upstream is offered no other one.
    package func conclusion(on message: [UInt8]) -> Conclusion {
        let judge = judge(message)
        return { context in
            context.request.subprotocols = Array(context.request.subprotocols.prefix(1))
            return judge(&context)
        }
    }
}

/// A question to something that answers later.
package struct Errand: Sendable {
    /// Asks. The function that it is given takes the answer: exactly once, on any thread, also before this returns.
    package let ask: @Sendable (_ answered: @escaping @Sendable (@escaping Conclusion) -> Void) -> Void
    /// How long the answer is waited for. Whoever is asked should give up before: this is the last resort.
    package let patience: Duration
    /// What a handshake is refused with whose answer has not come in time.
    package let late: Refusal

    package init(
        patience: Duration, late: Refusal,
        ask: @escaping @Sendable (_ answered: @escaping @Sendable (@escaping Conclusion) -> Void) -> Void
    ) {
        self.ask = ask
        self.patience = patience
        self.late = late
    }
}
