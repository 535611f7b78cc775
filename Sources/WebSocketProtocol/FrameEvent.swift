/// What a ``FrameParser`` found next.
package enum FrameEvent: Sendable, Equatable {
    /// A data frame begins. Its length and the message so far are within the limits.
    case frame(FrameHeader)
    /// Bytes of the input that belong to the current data frame, still masked with `key`, which stands at the range's
    /// start. Every data frame ends in exactly one event with `endsFrame`; that of an empty frame has an empty range.
    case payload(Range<Int>, key: MaskingKey, endsFrame: Bool, endsMessage: Bool)
    /// A whole ping, pong or close; its payload is the parser's `withControlPayload`. A close's payload is checked.
    case control(Opcode)
}

/// Bounds on one message, all its frames together.
package struct MessageLimits: Sendable, Equatable {
    /// Payload bytes.
    package var messageBytes: Int
    /// Frames, empty ones counted.
    package var fragments: Int

    package init(messageBytes: Int, fragments: Int) {
        self.messageBytes = messageBytes
        self.fragments = fragments
    }

    /// How long the compressed form of a message within ``messageBytes`` may be: deflate makes what it cannot compress longer,
    /// by an eighth where a peer knows the fixed codes only (RFC 1951 3.2.6), and by some bytes for the ends of its blocks.
    package var compressedBytes: Int {
        let (sum, overflow) = messageBytes.addingReportingOverflow(messageBytes / 8 + 64)
        return overflow ? .max : sum
    }
}
