/// Reads frames (RFC 6455 5) out of one peer's bytes as they arrive, and checks all that can be checked without keeping
/// them: headers, the order of fragments, limits, and the UTF-8 of text. Payloads are neither copied nor changed. Of a
/// compressed message the bytes are counted as they come; what it inflates to, its UTF-8 too, is for whoever inflates it.
/// All state is inline; nothing is allocated. After an error, or after a close frame, the parser is not to be fed again.
package struct FrameParser: Sendable {
    /// Whose frames these are. RFC 6455 5.1: a client masks all of its frames, a server none.
    package enum Sender: Sendable {
        case client
        case server
    }

    private enum Phase: Sendable {
        case header
        case payload
        case control
    }

    private let sender: Sender
    private let limits: MessageLimits
    private let compressedBytes: Int?
    private var phase = Phase.header

    // The header that is coming in. Two bytes tell how many there will be.
    private var header = InlineArray<14, UInt8>(repeating: 0)
    private var headerCount = 0
    private var headerLength = 2

    // The frame whose payload is coming in.
    private var opcode = Opcode.continuation
    private var isFinal = false
    private var isCompressed = false
    private var outstanding = 0
    private var key = MaskingKey.none

    // The message that is open: nil between messages.
    private var messageOpcode: Opcode?
    private var isMessageCompressed = false
    private var messageBytes = 0
    private var messageFragments = 0
    private var text = UTF8Validator()

    private var control = InlineArray<125, UInt8>(repeating: 0)
    private var controlCount = 0

    /// `compressedBytes` is how long a compressed message may be, as it comes; nil where no extension was agreed on that gives
    /// RSV1 a meaning.
    package init(sender: Sender, limits: MessageLimits, compressedBytes: Int? = nil) {
        self.sender = sender
        self.limits = limits
        self.compressedBytes = compressedBytes
    }

    /// Whether a data message has begun and not ended.
    package var isInsideMessage: Bool { messageOpcode != nil }

    /// Lends the payload of the last `.control` event, unmasked, at most 125 bytes.
    package func withControlPayload<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(control.span.extracting(first: controlCount))
    }

    /// The next event in `input` from `offset`, which moves behind what was taken. nil: everything was taken and more is
    /// needed.
    package mutating func next(
        in input: Span<UInt8>, at offset: inout Int
    ) throws(FrameError) -> FrameEvent? {
        if phase == .header {
            guard try takeHeader(input, &offset) else { return nil }
            guard opcode.isControl else {
                phase = .payload
                return .frame(
                    FrameHeader(
                        isFinal: isFinal, isCompressed: isCompressed, opcode: opcode, payloadLength: outstanding,
                        maskingKey: sender == .client ? key : nil))
            }
            phase = .control
            controlCount = 0
        }
        return phase == .control ? try takeControl(input, &offset) : try takePayload(input, &offset)
    }
}

// MARK: - Headers

extension FrameParser {
    /// False where more bytes are needed.
    private mutating func takeHeader(_ input: Span<UInt8>, _ offset: inout Int) throws(FrameError) -> Bool {
        while headerCount < headerLength {
            guard offset < input.count else { return false }
            header[headerCount] = input[offset]
            headerCount += 1
            offset += 1
            if headerCount == 2 { try readFirstTwoBytes() }
        }
        try readLengthAndKey()
        headerCount = 0
        headerLength = 2
        return true
    }

    private mutating func readFirstTwoBytes() throws(FrameError) {
        // RFC 6455 5.2: no extension was negotiated that gives the reserved bits a meaning, but for the first perhaps.
        isCompressed = header[0] & 0x40 != 0
        guard header[0] & 0x30 == 0, !isCompressed || compressedBytes != nil else {
            throw .protocolViolation("reserved bit set")
        }
        guard let opcode = Opcode(rawValue: header[0] & 0x0f) else { throw .protocolViolation("reserved opcode") }
        // RFC 7692 6.1.
        guard !isCompressed || opcode == .text || opcode == .binary else {
            throw .protocolViolation(
                opcode.isControl ? "compressed control frame" : "compressed bit in the middle of a message")
        }
        let isFinal = header[0] & 0x80 != 0
        // RFC 6455 5.1.
        guard (header[1] & 0x80 != 0) == (sender == .client) else {
            throw .protocolViolation(sender == .client ? "unmasked client frame" : "masked server frame")
        }
        let length = header[1] & 0x7f
        if opcode.isControl {
            // RFC 6455 5.5.
            guard isFinal else { throw .protocolViolation("fragmented control frame") }
            guard length <= 125 else { throw .protocolViolation("control frame over 125 bytes") }
        } else {
            // RFC 6455 5.4.
            guard (opcode == .continuation) == (messageOpcode != nil) else {
                throw .protocolViolation(
                    opcode == .continuation ? "continuation without a message" : "message inside a message")
            }
        }
        self.opcode = opcode
        self.isFinal = isFinal
        headerLength = 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + (sender == .client ? 4 : 0)
    }

    private mutating func readLengthAndKey() throws(FrameError) {
        var length = UInt64(header[1] & 0x7f)
        var index = 2
        if length >= 126 {
            let lengthBytes = length == 126 ? 2 : 8
            length = 0
            for _ in 0..<lengthBytes {
                length = length << 8 | UInt64(header[index])
                index += 1
            }
            // RFC 6455 5.2: the top bit is zero, and the shortest form is the only one.
            guard length >> 63 == 0 else { throw .protocolViolation("frame length with its top bit set") }
            guard length > (lengthBytes == 2 ? 125 : 0xffff) else {
                throw .protocolViolation("frame length not in its shortest form")
            }
        }
        key = .none
        if sender == .client {
            for byte in 0..<4 { key.bits |= UInt32(header[index + byte]) << UInt32(8 * byte) }
        }
        // The top bit is zero, so this cannot trap.
        outstanding = Int(length)
        if !opcode.isControl { try countFrame() }
    }

    /// Counts a data frame to its message from its header alone, before anything is made for its payload.
    private mutating func countFrame() throws(FrameError) {
        if opcode != .continuation {
            messageOpcode = opcode
            isMessageCompressed = isCompressed
            messageBytes = 0
            messageFragments = 0
            text = UTF8Validator()
        }
        let limit = isMessageCompressed ? compressedBytes ?? 0 : limits.messageBytes
        // Both sides are within 0 and the limit: neither can overflow.
        guard outstanding <= limit - messageBytes else { throw .messageTooBig }
        guard messageFragments < limits.fragments else { throw .messageTooBig }
        messageBytes += outstanding
        messageFragments += 1
    }
}

// MARK: - Payloads

extension FrameParser {
    private mutating func takePayload(_ input: Span<UInt8>, _ offset: inout Int) throws(FrameError) -> FrameEvent? {
        let count = min(outstanding, input.count - offset)
        guard count > 0 || outstanding == 0 else { return nil }
        let range = offset..<offset + count
        let rangeKey = key
        let isReadable = messageOpcode == .text && !isMessageCompressed
        if isReadable {
            guard text.validate(input, range, key: rangeKey) else { throw .invalidUTF8 }
        }
        offset = range.upperBound
        outstanding -= count
        key = key.rotated(by: count)
        let endsFrame = outstanding == 0
        let endsMessage = endsFrame && isFinal
        if endsFrame { phase = .header }
        if endsMessage {
            guard !isReadable || text.isComplete else { throw .invalidUTF8 }
            messageOpcode = nil
        }
        return .payload(range, key: rangeKey, endsFrame: endsFrame, endsMessage: endsMessage)
    }

    private mutating func takeControl(_ input: Span<UInt8>, _ offset: inout Int) throws(FrameError) -> FrameEvent? {
        while outstanding > 0, offset < input.count {
            control[controlCount] = input[offset] ^ key.byte(at: controlCount)
            controlCount += 1
            outstanding -= 1
            offset += 1
        }
        guard outstanding == 0 else { return nil }
        phase = .header
        if opcode == .close {
            try ClosePayload.check(control.span.extracting(first: controlCount))
        }
        return .control(opcode)
    }
}
