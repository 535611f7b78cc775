import WebSocketProtocol

/// What a ``FrameParser`` made of bytes, in a form that does not depend on how they were cut.
struct Transcript: Equatable {
    enum Entry: Equatable {
        case frame(FrameHeader)
        /// All payload bytes of one data frame, unmasked.
        case data([UInt8], endsMessage: Bool)
        case control(Opcode, [UInt8])
    }

    var entries: [Entry] = []
    /// Payload bytes of a frame that has not ended.
    var pending: [UInt8] = []
    var error: FrameError?
    /// Bytes taken, up to the error if there is one.
    var taken = 0

    /// Text of the data frames and controls, for vectors that are about these.
    var texts: [String] {
        entries.compactMap { entry in
            switch entry {
            case .frame: nil
            case .data(let bytes, _), .control(_, let bytes): String(decoding: bytes, as: UTF8.self)
            }
        }
    }

    static let limits = MessageLimits(messageBytes: 1 << 20, fragments: 256)

    static func of(
        _ pieces: [[UInt8]], from sender: FrameParser.Sender, limits: MessageLimits = Self.limits,
        compressedBytes: Int? = nil
    ) -> Transcript {
        var parser = FrameParser(sender: sender, limits: limits, compressedBytes: compressedBytes)
        var transcript = Transcript()
        for piece in pieces where transcript.error == nil {
            var offset = 0
            do throws(FrameError) {
                while let event = try parser.next(in: piece.span, at: &offset) {
                    transcript.note(event, piece, &parser)
                }
            } catch {
                transcript.error = error
            }
            transcript.taken += offset
        }
        return transcript
    }

    private mutating func note(_ event: FrameEvent, _ piece: [UInt8], _ parser: inout FrameParser) {
        switch event {
        case .frame(let header): entries.append(.frame(header))
        case .payload(let range, let key, let endsFrame, let endsMessage):
            pending += masked(Array(piece[range]), key)
            guard endsFrame else { break }
            entries.append(.data(pending, endsMessage: endsMessage))
            pending = []
        case .control(let opcode):
            let bytes = parser.withControlPayload { payload in payload.indices.map { payload[$0] } }
            entries.append(.control(opcode, bytes))
        }
    }
}

/// A frame as a peer would write it, right or wrong: nothing is checked.
func rawFrame(
    _ firstByte: UInt8, _ payload: [UInt8] = [], key: MaskingKey? = nil, declared: Int? = nil
) -> [UInt8] {
    let length = declared ?? payload.count
    let mask: UInt8 = key == nil ? 0 : 0x80
    var bytes = [firstByte]
    if length < 126 {
        bytes.append(mask | UInt8(length))
    } else if length <= 0xffff {
        bytes += [mask | 126, UInt8(length >> 8), UInt8(length & 0xff)]
    } else {
        bytes.append(mask | 127)
        bytes += (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * $0)) }
    }
    guard let key else { return bytes + payload }
    let keyBytes = (0..<4).map { UInt8(truncatingIfNeeded: key.bits >> (8 * $0)) }
    return bytes + keyBytes + payload.enumerated().map { $1 ^ keyBytes[$0 % 4] }
}

/// The bytes under a key, which stands at their start.
func masked(_ bytes: [UInt8], _ key: MaskingKey) -> [UInt8] {
    var masked = [UInt8](repeating: 0, count: bytes.count)
    var target = masked.mutableSpan
    Masking.copy(bytes.span, 0..<bytes.count, into: &target, at: 0, key: key)
    return masked
}

/// The key of RFC 6455 5.7.
let exampleKey = MaskingKey(bits: 0x3d21_fa37)
