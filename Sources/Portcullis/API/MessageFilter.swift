/// Something that reads whole messages and says what becomes of them: the `do` of a message rule.
///
/// It is made once for each rule, when the policy is read, and is then asked by all workers at once: what it changes must be
/// guarded, and is gone with the next reload unless it is kept elsewhere.
public protocol MessageFilter: Sendable {
    /// The key in `do`: lower case words with `_` between, 64 bytes at most, and none of the built-in actions'.
    static var name: String { get }

    /// Reads its settings. `validate` does that too, and throws away what comes of it: it is no place for other effects.
    init(settings: Settings) throws(SettingsError)

    /// Called for each message that the rule's `from` and `when` fit, on the worker of that connection, which serves nobody else
    /// meanwhile: it must neither block nor wait, and should cost no more than reading the message once.
    ///
    /// `payload` is unmasked and whole; a text's is UTF-8.
    func inspect(_ payload: Span<UInt8>, of message: Message) -> MessageDecision
}

/// What is known of a message beside its payload.
public struct Message: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case text
        case binary
    }

    public let kind: Kind

    public init(kind: Kind) {
        self.kind = kind
    }

    /// A copy of its payload, to keep or to change.
    public func bytes(_ payload: Span<UInt8>) -> [UInt8] {
        // The span is good for the call, and the bytes are copied in it.
        unsafe payload.withUnsafeBufferPointer { unsafe Array($0) }
    }

    /// A copy of its payload as text; nil for a binary one.
    public func text(_ payload: Span<UInt8>) -> String? {
        kind == .text ? String(decoding: bytes(payload), as: UTF8.self) : nil
    }
}

/// What a filter says of a message.
public enum MessageDecision: Sendable, Hashable {
    /// It goes on to the next rule.
    case pass
    /// It goes on to the next rule with this payload, and as the kind that it is. A text's must be UTF-8, and none may be longer
    /// than the route's messages; otherwise the connection ends, with 1011 or with 1009.
    case replace([UInt8])
    /// It goes no further.
    case drop
    /// Ends the connection. A code that must not be sent (RFC 6455 section 7.4) becomes 1008; of the reason the first 123 bytes
    /// are sent.
    case close(code: UInt16 = 1008, reason: String = "message-denied")
}
