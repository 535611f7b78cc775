internal import WebSocketProtocol

/// The way of frames to one peer: it masks where the peer is a server, keeps control frames out of the middle of a frame
/// that streams, and sends a close frame once and nothing after it.
struct Outlet {
    let channel: Channel
    /// RFC 6455 section 5.1: frames toward a server are masked.
    let masks: Bool
    /// Bytes queued at which pongs wait: pings are smaller than their answers, and many come at once.
    let limit: Int
    private(set) var hasSentClose = false
    /// A frame's header is out, and not yet all of its payload.
    private(set) var isInsideFrame = false
    /// The first frame of a message is out, and not yet all of its last: no other message fits in (RFC 6455 section 5.4).
    private(set) var isInsideMessage = false
    private var isLastFrame = false
    /// The header of a frame none of whose payload has come: a frame that is refused at once never begins on this side.
    private var heldHeader: FrameHeader?
    private var key = MaskingKey.none
    private var pendingClose: ClosePayload?
    /// Seldom there, and an idle connection weighs little without room for it: at most 125 bytes.
    private var pendingPong: [UInt8]?
    /// A message of the gateway's own, which waits for the end of another: at most one, since whom it answers is not read.
    private var pendingMessage: [UInt8]?

    init(channel: Channel, masks: Bool, limit: Int = 64 * 1024) {
        self.channel = channel
        self.masks = masks
        self.limit = limit
    }

    /// Whether as much is queued as may be. What is sent nevertheless is a frame's end or a control frame.
    var isFull: Bool { room <= 0 }
    /// Bytes that may still be queued.
    var room: Int { limit - channel.queuedBytes }

    /// Whether a pong waits for a peer that does not read: then the peer is not read either.
    var owesPong: Bool { pendingPong != nil && channel.isBlocked }
    /// Whether an answer of the gateway's own waits to be sent.
    var owesMessage: Bool { pendingMessage != nil }
    /// Whether a frame of the gateway's own waits to be sent.
    var owes: Bool { pendingPong != nil || pendingClose != nil || owesMessage }
    /// Whether a close frame has been sent or waits for the end of a frame.
    var isClosing: Bool { hasSentClose || pendingClose != nil }

    /// Begins a frame whose payload streams: its header goes out with the first of that. ``endFrame(_:)`` must follow the last.
    mutating func beginFrame(_ header: FrameHeader) {
        heldHeader = header
    }

    /// Sends payload of the frame that was begun: `range` of `source`, on which `sourceKey` still lies.
    mutating func append(
        _ source: Span<UInt8>, _ range: Range<Int>, key sourceKey: MaskingKey, _ random: inout RandomPool
    ) {
        // Nothing begins after a close frame.
        guard isInsideFrame || !hasSentClose else { return }
        let header = takeHeader(&random)
        let length = header?.encodedLength ?? 0
        guard length + range.count > 0 else { return }
        // Old key and new key in one pass.
        let change = sourceKey ^ key
        channel.append(length + range.count) { target in
            _ = header?.encode(into: &target)
            Masking.copy(source, range, into: &target, at: length, key: change)
        }
        key = key.rotated(by: range.count)
    }

    /// The header that waits, with this side's key in it: the frame begins.
    private mutating func takeHeader(_ random: inout RandomPool) -> FrameHeader? {
        guard var header = heldHeader else { return nil }
        heldHeader = nil
        isInsideFrame = true
        isInsideMessage = true
        isLastFrame = header.isFinal
        key = masks ? random.maskingKey() : .none
        header.maskingKey = masks ? key : nil
        return header
    }

    mutating func endFrame(_ random: inout RandomPool) {
        isInsideFrame = false
        if isLastFrame { isInsideMessage = false }
        if owes { sendPending(&random) }
    }

    /// Sends a text message of the gateway's own, `text` in UTF-8, as soon as no other is under way and there is room.
    mutating func reply(_ text: Span<UInt8>, _ random: inout RandomPool) {
        guard !isClosing else { return }
        guard isInsideMessage || isFull else { return send(.text, text, &random) }
        pendingMessage = text.indices.map { text[$0] }
    }

    /// Sends a whole frame, of a message or of a control frame; only between frames.
    mutating func send(
        _ opcode: Opcode, _ payload: Span<UInt8>, isCompressed: Bool = false, _ random: inout RandomPool
    ) {
        let key = masks ? random.maskingKey() : MaskingKey.none
        let header = FrameHeader(
            isFinal: true, isCompressed: isCompressed, opcode: opcode, payloadLength: payload.count,
            maskingKey: masks ? key : nil)
        let length = header.encodedLength
        channel.append(length + payload.count) { target in
            _ = header.encode(into: &target)
            Masking.copy(payload, 0..<payload.count, into: &target, at: length, key: key)
        }
    }

    /// Answers a ping. Where the peer does not read, or too much is queued for it, only the newest ping is answered, once
    /// there is room again (RFC 6455 section 5.5.3).
    mutating func sendPong(_ payload: Span<UInt8>, _ random: inout RandomPool) {
        guard !isClosing else { return }
        guard isInsideFrame || channel.isBlocked || isFull else {
            send(.pong, payload, &random)
            return
        }
        pendingPong = payload.indices.map { payload[$0] }
    }

    /// Sends a ping that carries `number`; only between frames.
    mutating func sendPing(_ number: UInt32, _ random: inout RandomPool) {
        guard !isClosing, !isInsideFrame else { return }
        let payload: InlineArray<4, UInt8> = [
            UInt8(truncatingIfNeeded: number >> 24), UInt8(truncatingIfNeeded: number >> 16),
            UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number),
        ]
        send(.ping, payload.span, &random)
    }

    /// Sends a close frame as soon as no frame is open; the first one wins.
    mutating func sendClose(_ payload: ClosePayload, _ random: inout RandomPool) {
        guard !isClosing else { return }
        guard !isInsideFrame else {
            pendingClose = payload
            return
        }
        hasSentClose = true
        // Nothing follows a close frame, and nobody waits for it.
        pendingMessage = nil
        send(.close, payload.encoded.span, &random)
    }

    /// Sends what had to wait, if it can go now.
    mutating func sendPending(_ random: inout RandomPool) {
        guard !isInsideFrame else { return }
        if let pong = pendingPong, !channel.isBlocked, !isFull, !hasSentClose {
            pendingPong = nil
            send(.pong, pong.span, &random)
        }
        if let text = pendingMessage, !isInsideMessage, !isFull {
            pendingMessage = nil
            send(.text, text.span, &random)
        }
        if let close = pendingClose {
            pendingClose = nil
            sendClose(close, &random)
        }
    }
}
