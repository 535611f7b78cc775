internal import Middleware
internal import PolicyModel
internal import WebSocketProtocol

/// The way of frames from one peer to the other: parsed, looked at where a rule wants that, and passed on.
struct Lane {
    enum Outcome {
        case goOn
        /// No message passes for now: the target has no room, an answer to the sender waits, or its rate is used up. The bytes
        /// from here on are to come again.
        case held(from: Int)
        /// The peer has sent a close frame.
        case closed(ClosePayload)
        /// The peer has broken the protocol or a limit.
        case failed(FrameError)
        /// A rule ends the connection.
        case denied(code: CloseCode, reason: String, rule: String)
        /// The peer has sent more than the rate of that index lets it.
        case exceeded(CloseReason, rate: Int)
        /// A message has brought a fresh token. The bytes from here on come behind it.
        case renewal([UInt8], end: Int)
    }

    /// What becomes of the payload of the message that is coming in.
    private enum Handling {
        /// Passes as it comes: no rule can hold for it.
        case streams
        /// Is kept until it is whole.
        case gathers
        /// Goes no further.
        case vanishes
        /// Goes no further, but is inflated, since those behind it refer to it.
        case vanishesInflated
    }

    private var parser: FrameParser
    private var plan: MessagePlan
    /// Takes the plan's place before the next message.
    private var nextPlan: MessagePlan?
    private var handling = Handling.streams
    /// Asked before a message begins.
    private(set) var gate: TrafficGate
    /// What the extension has it do; nil where that is nothing.
    private let compression: MessageCompression?
    private let messageLimit: Int
    private var isCompressed = false
    private var assembler = MessageAssembler()
    /// Until when the peer is not read, since its rate is used up; nil where it is.
    private(set) var heldUntil: Nanoseconds?

    /// When payload last came, or a message without any; the beginning of time before that. For who is held that is the hold's
    /// end: the time until then is not its own.
    var lastData: Nanoseconds { max(lastPayload, heldUntil ?? .min) }
    private var lastPayload = Nanoseconds.min
    /// Since when a message has begun and not ended; nil between messages.
    private(set) var openSince: Nanoseconds?
    /// After a close frame or an error nothing of the peer counts any more.
    var isOver = false
    private(set) var payloadBytes: Int64 = 0
    private(set) var messages: Int64 = 0
    /// Rules that acted, or in shadow mode would have.
    private(set) var hits: RuleHits
    private let sender: FrameParser.Sender
    /// What the message that is coming in counts as.
    private var kind: TrafficCounts.Kind

    init(
        sender: FrameParser.Sender, limits: MessageLimits, plan: MessagePlan, gate: TrafficGate = TrafficGate(),
        compression: RelayCompression = .none, meter: RuleMeter? = nil
    ) {
        self.sender = sender
        hits = RuleHits(meter)
        kind = TrafficCounts.Kind(.text, from: sender)
        parser = FrameParser(
            sender: sender, limits: limits, compressedBytes: compression.compressedBytes(from: sender, limits))
        self.plan = plan
        self.gate = gate
        self.compression = compression.ofMessages(from: sender)
        messageLimit = limits.messageBytes
    }

    /// Takes bytes of the peer, no more than the target has room for: what passes is as long as it came. A message that a rule
    /// has edited may have grown, so that the target is looked at after each of those.
    /// What may pass goes to `target`; pings are answered through `back`, the peer's own outlet.
    /// With `discards`, only control frames are minded: the connection is ending.
    mutating func receive(
        _ bytes: Span<UInt8>, to target: inout Outlet, back: inout Outlet, discards: Bool, worker: Worker,
        random: inout RandomPool
    ) -> Outcome {
        var offset = 0
        do throws(FrameError) {
            while let event = try parser.next(in: bytes, at: &offset) {
                switch event {
                case .frame(let header):
                    let outcome = begin(header, &target, discards: discards, at: offset, worker)
                    guard case .goOn = outcome else { return outcome }
                case .payload(let range, let key, let endsFrame, let endsMessage):
                    payloadBytes += Int64(range.count)
                    worker.traffic.add(kind, bytes: range.count, isEnd: endsMessage)
                    if !range.isEmpty || endsMessage { lastPayload = worker.now }
                    if endsMessage {
                        messages += 1
                        openSince = nil
                    }
                    // A frame that has begun on the other side is brought to its end: no close frame fits into it.
                    guard !discards || target.isInsideFrame else { continue }
                    switch handling {
                    case .streams:
                        target.append(bytes, range, key: key, &random)
                        if endsFrame { target.endFrame(&random) }
                    case .gathers, .vanishesInflated:
                        assembler.append(bytes, range, key: key)
                    case .vanishes: continue
                    }
                    if !gate.isEmpty, !discards, handling != .vanishesInflated { count(range.count, worker) }
                    if endsMessage, handling != .streams {
                        let outcome = finishMessage(to: &target, back: &back, at: offset, worker, &random)
                        guard case .goOn = outcome else { return outcome }
                    }
                    if heldUntil != nil { return .held(from: offset) }
                case .control(.ping):
                    countControl(.ping, worker)
                    parser.withControlPayload { back.sendPong($0, &random) }
                case .control(.close):
                    countControl(.close, worker)
                    isOver = true
                    return .closed(parser.withControlPayload { ClosePayload($0) } ?? ClosePayload(code: nil))
                case .control(let opcode):
                    // A pong has done its work by arriving: the peer lives.
                    countControl(opcode, worker)
                }
            }
        } catch {
            isOver = true
            return .failed(error)
        }
        noteOpenMessage(worker.now)
        return .goOn
    }

    private mutating func noteOpenMessage(_ now: Nanoseconds) {
        if parser.isInsideMessage, openSince == nil { openSince = now }
    }

    /// The peer is read again: a message that is open has its whole time from here on.
    mutating func goesOn(_ now: Nanoseconds) {
        if let since = openSince { openSince = max(since, now) }
    }

    /// Has messages that begin from now on judged by another plan.
    mutating func follow(_ plan: MessagePlan) {
        nextPlan = plan
    }

    private mutating func begin(
        _ header: FrameHeader, _ target: inout Outlet, discards: Bool, at offset: Int, _ worker: Worker
    ) -> Outcome {
        if header.opcode != .continuation {
            kind = TrafficCounts.Kind(header.opcode, from: sender)
            let outcome = beginMessage(header, discards: discards, worker)
            guard case .goOn = outcome else { return outcome }
        }
        if handling == .streams { target.beginFrame(header) }
        // Nothing would come after the hold to tell of a frame without payload: it passes before.
        return heldUntil != nil && header.payloadLength > 0 ? .held(from: offset) : .goOn
    }

    /// Decides what becomes of a message by what its first frame tells of it.
    private mutating func beginMessage(_ header: FrameHeader, discards: Bool, _ worker: Worker) -> Outcome {
        if var plan = nextPlan {
            plan.keepBuckets(of: self.plan)
            self.plan = plan
            nextPlan = nil
        }
        isCompressed = header.isCompressed && compression != nil
        if !gate.isEmpty, !discards {
            let answer = gate.beginMessage(now: worker.now)
            tellRateHits()
            switch answer {
            case .passes: break
            case .waits(let time): hold(until: time)
            case .drops:
                handling = isCompressed && compression?.refersBack ?? false ? .vanishesInflated : .vanishes
                if handling == .vanishesInflated { gather(header.opcode, worker) }
                return .goOn
            case .closes(let reason, let rate):
                isOver = true
                return .exceeded(reason, rate: rate)
            }
        }
        let size = header.isFinal ? header.payloadLength : nil
        let mustBeWhole = isCompressed || compression?.wants(size: size) ?? false
        handling = mustBeWhole || plan.reads(header.opcode, size: size) ? .gathers : .streams
        if handling == .gathers { gather(header.opcode, worker) }
        return .goOn
    }

    private mutating func gather(_ opcode: Opcode, _ worker: Worker) {
        assembler.begin(opcode, storage: worker.messageBuffers.take())
    }

    /// So much of a message that passes has come.
    private mutating func count(_ bytes: Int, _ worker: Worker) {
        if case .waits(let time) = gate.passed(bytes: bytes, now: worker.now) { hold(until: time) }
        tellRateHits()
    }

    private mutating func tellRateHits() {
        gate.takeHits { rate, count in hits.count(rate: rate, count) }
    }

    private func countControl(_ opcode: Opcode, _ worker: Worker) {
        let bytes = parser.withControlPayload { $0.count }
        worker.traffic.add(TrafficCounts.Kind(opcode, from: sender), bytes: bytes, isEnd: true)
    }

    /// Nobody waits any more: the connection ends.
    mutating func lift() {
        gate.lift()
    }

    /// Has the peer not read until then.
    private mutating func hold(until time: Nanoseconds) {
        heldUntil = max(time, heldUntil ?? time)
    }

    /// Lets a peer go on that was held until `now` or before. True where it was.
    mutating func release(at now: Nanoseconds) -> Bool {
        guard let time = heldUntil, time <= now else { return false }
        lastPayload = lastData
        heldUntil = nil
        // Its time has not begun before.
        noteOpenMessage(now)
        return true
    }

    private mutating func finishMessage(
        to target: inout Outlet, back: inout Outlet, at offset: Int, _ worker: Worker, _ random: inout RandomPool
    ) -> Outcome {
        guard var message = assembler.finish() else { return .goOn }
        defer { worker.messageBuffers.give(&message.payload) }
        let opcode = message.opcode
        var received: [UInt8] = []
        defer { worker.messageBuffers.give(&received) }
        if isCompressed {
            do throws(FrameError) {
                try inflate(&message.payload, opcode, keeping: &received, worker)
            } catch {
                isOver = true
                return .failed(error)
            }
        }
        guard handling == .gathers else { return .goOn }
        let verdict = plan.evaluate(
            opcode: opcode, payload: message.payload.span, now: worker.now, using: &worker.scratch)
        for hit in worker.scratch.hits { hits.count(hit) }
        if let time = worker.scratch.heldUntil, !gate.isLifted { hold(until: time) }
        switch verdict {
        case .pass:
            forward(opcode, message.payload.span, received: received.span, to: &target, worker, &random)
            // What was compressed grows as well.
            if compression != nil, target.isFull { return .held(from: offset) }
        case .edited:
            forward(opcode, worker.scratch.output.span, received: nil, to: &target, worker, &random)
            // It may have grown, and so may those that come behind it.
            if target.isFull { return .held(from: offset) }
        case .reply:
            back.reply(worker.scratch.output.span, &random)
            if back.owesMessage { return .held(from: offset) }
        case .drop: break
        case .renewal:
            return .renewal(message.payload, end: offset)
        case .close(let code, let reason, let rule):
            isOver = true
            return .denied(code: code, reason: reason, rule: rule)
        }
        return .goOn
    }

    /// Puts a message in the place of its compressed form, which is kept.
    private func inflate(
        _ payload: inout [UInt8], _ opcode: Opcode, keeping received: inout [UInt8], _ worker: Worker
    ) throws(FrameError) {
        guard let compression else { return }
        swap(&payload, &received)
        payload = worker.messageBuffers.take()
        try compression.inflate(received.span, opcode, into: &payload, limit: messageLimit, worker.streams)
    }

    /// Sends a whole message on, in the form in which the target is to have it. `received` is its compressed form, where it
    /// came in one; nil where it has been edited since.
    private func forward(
        _ opcode: Opcode, _ message: Span<UInt8>, received: Span<UInt8>?, to target: inout Outlet, _ worker: Worker,
        _ random: inout RandomPool
    ) {
        guard let compression else { return target.send(opcode, message, &random) }
        var deflated = worker.messageBuffers.take()
        defer { worker.messageBuffers.give(&deflated) }
        let form = compression.form(
            of: message, wasCompressed: isCompressed, isEdited: received == nil, into: &deflated, worker.streams)
        switch form {
        case .plain: target.send(opcode, message, &random)
        case .asReceived:
            if let received { target.send(opcode, received, isCompressed: true, &random) }
        case .deflated: target.send(opcode, deflated.span, isCompressed: true, &random)
        }
    }

    /// Gives back what a message that has not ended holds.
    mutating func release(_ worker: Worker) {
        if var message = assembler.finish() { worker.messageBuffers.give(&message.payload) }
    }
}
