package import PolicyModel

/// A whole message that nobody has sent, for a ``Rehearsal``.
package struct MadeUpMessage: Sendable {
    package var sender: MessageSender
    package var isBinary: Bool
    package var payload: [UInt8]
    /// Unix seconds; nil follows from `monotonic`.
    package var time: Int64?
    /// Nanoseconds, on the clock of the handshake's; nil follows from `time`, and without that nothing has passed since then.
    package var monotonic: Int64?

    package init(
        from sender: MessageSender = .client, isBinary: Bool = false, payload: [UInt8], time: Int64? = nil,
        monotonic: Int64? = nil
    ) {
        self.sender = sender
        self.isBinary = isBinary
        self.payload = payload
        self.time = time
        self.monotonic = monotonic
    }

    /// A text message.
    package init(from sender: MessageSender = .client, _ text: String) {
        self.init(from: sender, payload: Array(text.utf8))
    }
}

/// What has become of a made-up message.
package struct RehearsedMessage: Sendable {
    package enum Verdict: Sendable, Hashable {
        /// It goes on as it came.
        case passed
        /// It goes on with another payload.
        case edited
        /// It goes no further.
        case dropped
        /// It goes no further, and its sender has an answer.
        case reply
        /// The connection ends. `rule` is the name of the rule that did it, if one did.
        case closed(code: UInt16, reason: String, rule: String?)
        /// It has brought a fresh token, by which the connection goes on. It goes no further.
        case renewed
        /// It has brought a fresh token of which nothing can be said now. It goes no further.
        case renewalPostponed
    }

    package internal(set) var verdict: Verdict
    /// Who sent the message.
    package let sender: MessageSender
    package let isBinary: Bool
    /// The payload that goes on, or back: empty where nothing does.
    package internal(set) var output: [UInt8] = []
    /// Rules and rates that acted, in order.
    package internal(set) var hits: [RehearsedHit] = []
    /// For how many nanoseconds its sender is not read, since a rate is used up.
    package internal(set) var heldFor: Int64 = 0
}

/// A rule, or a rate, that acted on a message.
package struct RehearsedHit: Sendable, Hashable {
    /// Of the rule; of a rate `message_rate` or `byte_rate`.
    package let name: String
    package let position: SourcePosition
    /// It would have acted.
    package let isShadow: Bool
    /// Where the message did not fit a schema (RFC 6901).
    package let pointer: String?
}
