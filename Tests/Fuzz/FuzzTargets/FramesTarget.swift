import WebSocketProtocol

/// A peer's frames: the first byte says how they are cut, the second who sends and under which limits, the others are what
/// is sent.
enum FramesTarget {
    static func fuzz(_ bytes: [UInt8]) throws(BrokenContract) {
        guard bytes.count >= 2 else { return }
        let sender: FrameParser.Sender = bytes[1] & 1 == 0 ? .client : .server
        let limits = MessageLimits(
            messageBytes: [1 << 20, 1024, 125, 0][Int(bytes[1] >> 1 & 3)],
            fragments: [256, 4, 1, 0][Int(bytes[1] >> 3 & 3)])
        let compressedBytes: Int? = bytes[1] & 0x20 == 0 ? nil : limits.compressedBytes
        let sent = bytes[2...]
        var whole = FrameTranscript(sender: sender, limits: limits, compressedBytes: compressedBytes)
        try whole.feed([Array(sent)])
        var cut = FrameTranscript(sender: sender, limits: limits, compressedBytes: compressedBytes)
        try cut.feed(pieces(of: sent, seed: bytes[0]))
        try require(
            whole.entries == cut.entries && whole.error == cut.error,
            "whole: \(whole.entries), \(whole.error, default: "no error"); "
                + "in pieces: \(cut.entries), \(cut.error, default: "no error")")
        // A piece that ends in an error gives nothing of its last frame; otherwise nothing may be missing.
        if whole.error == nil {
            try require(
                whole.open == cut.open && whole.taken == cut.taken,
                "whole: \(whole.taken) bytes, open: \(whole.open); in pieces: \(cut.taken), \(cut.open)")
        }
    }
}

/// What a parser made of bytes, in a form that does not depend on how they were cut.
private struct FrameTranscript {
    enum Entry: Equatable {
        case frame(FrameHeader)
        case data([UInt8], endsMessage: Bool)
        case control(Opcode, [UInt8])
    }

    private let limits: MessageLimits
    private let compressedBytes: Int?
    private let sender: FrameParser.Sender
    private var parser: FrameParser
    private(set) var entries: [Entry] = []
    private(set) var error: FrameError?
    private(set) var taken = 0
    /// Unmasked bytes of the frame that has not ended.
    private(set) var open: [UInt8] = []
    private var header: FrameHeader?
    private var message: (opcode: Opcode, isCompressed: Bool, bytes: [UInt8], fragments: Int)?

    init(sender: FrameParser.Sender, limits: MessageLimits, compressedBytes: Int?) {
        self.limits = limits
        self.compressedBytes = compressedBytes
        self.sender = sender
        parser = FrameParser(sender: sender, limits: limits, compressedBytes: compressedBytes)
    }

    mutating func feed(_ pieces: [[UInt8]]) throws(BrokenContract) {
        for piece in pieces {
            var offset = 0
            defer { taken += offset }
            while let event = next(piece, &offset) {
                try note(event, piece)
                // RFC 6455 5.5.1: nothing counts behind a close frame.
                if case .control(.close) = event { return }
            }
            guard error == nil else { return }
            try require(offset == piece.count, "bytes left behind")
        }
    }

    private mutating func next(_ piece: [UInt8], _ offset: inout Int) -> FrameEvent? {
        do throws(FrameError) {
            return try parser.next(in: piece.span, at: &offset)
        } catch {
            self.error = error
            return nil
        }
    }

    private mutating func note(_ event: FrameEvent, _ piece: [UInt8]) throws(BrokenContract) {
        switch event {
        case .frame(let header): try begin(header)
        case .payload(let range, let key, let endsFrame, let endsMessage):
            try unmask(piece, range, key)
            guard endsFrame else { return }
            try end(endsMessage: endsMessage)
        case .control(let opcode):
            let payload = parser.withControlPayload { bytes in bytes.indices.map { bytes[$0] } }
            try require(opcode.isControl && payload.count <= 125, "control: \(opcode), \(payload)")
            if opcode == .close { try require(ClosePayload(payload.span) != nil, "close payload: \(payload)") }
            entries.append(.control(opcode, payload))
        }
    }

    private mutating func begin(_ header: FrameHeader) throws(BrokenContract) {
        try require(!header.opcode.isControl, "a control frame as data")
        try require((header.maskingKey != nil) == (sender == .client), "masked: \(header)")
        try require((header.opcode == .continuation) == (message != nil), "out of order: \(header)")
        try require(
            !header.isCompressed || (compressedBytes != nil && message == nil), "compressed out of place: \(header)")
        var message = self.message ?? (header.opcode, header.isCompressed, [], 0)
        message.fragments += 1
        let limit = message.isCompressed ? compressedBytes ?? 0 : limits.messageBytes
        try require(
            message.fragments <= limits.fragments
                && header.payloadLength <= limit - message.bytes.count, "over its limits: \(header)")
        self.message = message
        self.header = header
        entries.append(.frame(header))
    }

    /// The key must be that of the header, turned to this place; `Masking` must do what one byte after another does.
    private mutating func unmask(_ piece: [UInt8], _ range: Range<Int>, _ key: MaskingKey) throws(BrokenContract) {
        guard let header else { throw BrokenContract(description: "payload without a frame") }
        let bits = header.maskingKey?.bits ?? 0
        let expected = range.enumerated().map { index, place in
            piece[place] ^ UInt8(truncatingIfNeeded: bits >> UInt32((open.count + index) % 4 * 8))
        }
        var unmasked = [UInt8](repeating: 0, count: range.count)
        var target = unmasked.mutableSpan
        Masking.copy(piece.span, range, into: &target, at: 0, key: key)
        try require(unmasked == expected, "mask \(key) in \(header)")
        open += unmasked
    }

    private mutating func end(endsMessage: Bool) throws(BrokenContract) {
        guard let header, var message else { throw BrokenContract(description: "an end without a frame") }
        try require(open.count == header.payloadLength, "a frame of \(open.count) bytes: \(header)")
        try require(endsMessage == header.isFinal, "the end of: \(header)")
        message.bytes += open
        entries.append(.data(open, endsMessage: endsMessage))
        open = []
        self.header = nil
        self.message = endsMessage ? nil : message
        if endsMessage, message.opcode == .text, !message.isCompressed {
            try require(String(validating: message.bytes, as: UTF8.self) != nil, "text: \(message.bytes)")
        }
    }
}
