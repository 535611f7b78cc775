package import Inspection
package import WebSocketProtocol

/// Something that reads whole messages of one direction and says what becomes of them.
package protocol MessageFilter: Sendable {
    /// `opcode` is text or binary; `payload` is unmasked and whole, and text has been checked as UTF-8. Called on the
    /// connection's worker. A filter that cannot tell answers with a close: nothing passes unread.
    func inspect(opcode: Opcode, payload: Span<UInt8>, using scratch: inout FilterScratch) -> FilterVerdict
}

/// What a filter says of a message.
package enum FilterVerdict: Sendable, Hashable {
    case pass
    /// Goes on to the next filter with this payload. A text's must be UTF-8 again.
    case replace([UInt8])
    case drop
    case close(CloseCode, reason: String)
}

/// What filters work with, and what they leave behind for the engine: one for each worker, used again for every message,
/// so that a message costs no allocation.
package struct FilterScratch: ~Copyable {
    package var json = JSONInspector()
    /// Names of the rules in shadow mode that the last message met, in order.
    package internal(set) var shadowHits: [String] = []
    /// Bytes that a message may have after a replacement.
    package internal(set) var maximumMessageBytes = Int.max

    package init() {}
}
