package import WebSocketProtocol

/// Something that reads whole messages of one direction and says what becomes of them.
package protocol MessageFilter: Sendable {
    /// `opcode` is text or binary; `payload` is unmasked and whole, and text has been checked as UTF-8. Called on the
    /// connection's worker, which it must not block. A filter that cannot tell answers with a close: nothing passes unread.
    func inspect(opcode: Opcode, payload: Span<UInt8>) -> FilterVerdict
}

/// What a filter says of a message.
package enum FilterVerdict: Sendable, Hashable {
    case pass
    /// Goes on to the next rule with this payload. A text's must be UTF-8 again.
    case replace([UInt8])
    case drop
    case close(CloseCode, reason: String)
}
