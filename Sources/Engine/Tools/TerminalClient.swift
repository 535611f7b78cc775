package import Crypto
internal import Glibc
internal import Locking
package import PolicyModel
package import WebSocketProtocol

/// A WebSocket client for a person at a terminal, or for a script: lines in, messages out.
package enum TerminalClient {
    /// What is dialled, and how.
    package struct Request {
        package var address: SocketAddress
        /// The certificate's name; nil speaks `ws://`.
        package var tls: (context: TLSClientContext, host: String)?
        /// As the Host header shows it.
        package var host: String
        /// Path and query.
        package var target: String
        package var subprotocols: [String]
        package var headers: HeaderFields

        package init(
            address: SocketAddress, tls: (context: TLSClientContext, host: String)?, host: String, target: String,
            subprotocols: [String], headers: HeaderFields
        ) {
            self.address = address
            self.tls = tls
            self.host = host
            self.target = target
            self.subprotocols = subprotocols
            self.headers = headers
        }
    }

    /// How it ended.
    package enum Outcome {
        /// With a close frame.
        case closed(ClosePayload, byServer: Bool)
        /// The server answered with something other than an upgrade; its head, and what is known of its body.
        case refused(status: Int, body: [UInt8])
        case failed(String)
    }

    /// What is told while it goes on.
    package enum Event {
        /// The subprotocol that the server has chosen.
        case open(subprotocol: String?)
        case message(isText: Bool, [UInt8])
    }

    /// Connects, and goes on until the connection ends. `input` brings the lines to be sent.
    package static func converse(
        _ request: Request, input: LineInput, tell: @escaping (Event) -> Void
    ) throws(SystemError) -> Outcome {
        try Conversation(request, input: input, tell: tell).run()
    }
}

/// One connection of the terminal client.
private final class Conversation: ChannelOwner {
    typealias Request = TerminalClient.Request
    typealias Outcome = TerminalClient.Outcome
    typealias Event = TerminalClient.Event

    private static let limits = MessageLimits(messageBytes: 64 << 20, fragments: 1 << 20)
    /// Nanoseconds for connecting, TLS and the upgrade together, and for the end.
    private static let patience: Nanoseconds = 15_000_000_000
    /// Bytes that wait to be sent at which no more lines are taken.
    private static let queueLimit = 512 * 1024

    private enum Phase {
        case connecting
        case upgrading(UpstreamHandshake, ResponseHeadParser)
        case refusal(status: Int, body: [UInt8])
        case open
        case over
    }

    private let worker: Worker
    private let request: Request
    private let input: LineInput
    private let tell: (Event) -> Void
    private var phase = Phase.connecting
    private var channel: Channel?
    private var outlet: Outlet?
    private var parser = FrameParser(sender: .server, limits: Conversation.limits)
    private var assembler = MessageAssembler()
    private var outcome: Outcome?
    /// Whether lines wait for room in what is to be sent.
    private var isFull = false

    init(_ request: Request, input: LineInput, tell: @escaping (Event) -> Void) throws(SystemError) {
        worker = try Worker()
        self.request = request
        self.input = input
        self.tell = tell
    }

    func run() throws(SystemError) -> Outcome {
        let descriptor = try Socket.connect(to: request.address)
        var session: TLSSession?
        if let tls = request.tls {
            session = TLSSession.client(tls.context, host: tls.host, over: worker.transfer)
            guard session != nil else { return .failed("TLS could not be started for \(tls.host)") }
        }
        guard let channel = worker.open(descriptor, tls: session, isConnecting: true, owner: self) else {
            return .failed("the connection could not be watched")
        }
        self.channel = channel
        worker.setDeadline(worker.now + Self.patience, for: channel)
        try worker.watch(input.number) { [unowned self] in
            input.forgetWake()
            sendLines()
        }
        worker.run()
        return outcome ?? .failed("the connection ended")
    }

    private func end(_ outcome: Outcome) {
        if self.outcome == nil { self.outcome = outcome }
        phase = .over
        channel?.close()
        worker.stop()
    }

    override func channelDidConnect(_ channel: Channel, error: Int32?) {
        if let error { return end(.failed("\(SystemError("connect to \(request.address)", code: error))")) }
        if request.tls == nil { upgrade(channel) } else { channel.startHandshake() }
    }

    override func channelIsSecure(_ channel: Channel) {
        upgrade(channel)
    }

    private func upgrade(_ channel: Channel) {
        let key = SecureRandom.webSocketKey()
        guard
            let bytes = UpgradeRequestWriter.serializedUpgrade(
                target: request.target, host: request.host, key: key, subprotocols: request.subprotocols,
                headers: request.headers)
        else { return end(.failed("a header or the path holds what HTTP does not allow")) }
        channel.append(bytes)
        let handshake = UpstreamHandshake(
            expectedAccept: Digest.webSocketAccept(forKey: key), offeredSubprotocols: request.subprotocols)
        phase = .upgrading(handshake, ResponseHeadParser())
    }

    override func channel(_ channel: Channel, received bytes: Span<UInt8>) {
        switch phase {
        case .upgrading(let handshake, var parser):
            receiveHead(handshake, &parser, bytes)
        case .refusal(let status, var body):
            body.append(contentsOf: bytes.indices.map { bytes[$0] })
            phase = .refusal(status: status, body: body)
            if body.count > 64 * 1024 { end(.refused(status: status, body: body)) }
        case .open:
            receiveFrames(bytes)
        case .connecting, .over:
            break
        }
    }

    private func receiveHead(_ handshake: UpstreamHandshake, _ parser: inout ResponseHeadParser, _ bytes: Span<UInt8>) {
        do throws(UpstreamHandshakeError) {
            let (consumed, head) = try parser.receive(bytes)
            guard let head else {
                phase = .upgrading(handshake, parser)
                return
            }
            let rest = bytes.extracting(consumed..<bytes.count)
            guard head.status == 101 else {
                // The reason stands in the body, which ends with the connection.
                phase = .refusal(status: head.status, body: rest.indices.map { rest[$0] })
                return
            }
            let choice = try handshake.verify(head)
            guard let channel else { return }
            phase = .open
            outlet = Outlet(channel: channel, masks: true)
            worker.setDeadline(.max, for: channel)
            tell(.open(subprotocol: choice.subprotocol))
            sendLines()
            receiveFrames(rest)
        } catch {
            end(.failed("the server's answer is no WebSocket upgrade: \(error)"))
        }
    }

    private func receiveFrames(_ bytes: Span<UInt8>) {
        var offset = 0
        do throws(FrameError) {
            while let event = try parser.next(in: bytes, at: &offset) {
                switch event {
                case .frame(let header):
                    if header.opcode != .continuation { assembler.begin(header.opcode) }
                case .payload(let range, let key, _, let endsMessage):
                    assembler.append(bytes, range, key: key)
                    if endsMessage, let (opcode, payload) = assembler.finish() {
                        tell(.message(isText: opcode == .text, payload))
                    }
                case .control(.ping):
                    parser.withControlPayload { outlet?.sendPong($0, &worker.random) }
                case .control(.close):
                    let payload = parser.withControlPayload { ClosePayload($0) } ?? ClosePayload(code: nil)
                    let byServer = outlet?.hasSentClose != true
                    outlet?.sendClose(payload, &worker.random)
                    channel?.flush()
                    return end(.closed(payload, byServer: byServer))
                case .control:
                    continue
                }
            }
        } catch {
            outlet?.sendClose(ClosePayload(code: error.closeCode), &worker.random)
            channel?.flush()
            end(.failed("the server broke the protocol: \(error)"))
        }
    }

    private func sendLines() {
        guard case .open = phase, let channel else { return }
        isFull = channel.queuedBytes >= Self.queueLimit
        guard !isFull else { return }
        for line in input.take() {
            if let line {
                outlet?.send(.text, Array(line.utf8).span, &worker.random)
            } else {
                outlet?.sendClose(ClosePayload(code: .normal), &worker.random)
                worker.setDeadline(worker.now + Self.patience, for: channel)
            }
        }
    }

    override func channelFlushed(_ channel: Channel) {
        outlet?.sendPending(&worker.random)
        guard isFull, channel.queuedBytes < Self.queueLimit else { return }
        isFull = false
        // In a wake-up of its own: what the server sends is read in between, however fast lines come.
        input.wakeAgain()
    }

    override func channelEnded(_ channel: Channel) {
        if case .refusal(let status, let body) = phase { return end(.refused(status: status, body: body)) }
        end(.failed("the server ended the connection without a close frame"))
    }

    override func channelFailed(_ channel: Channel) {
        if case .refusal(let status, let body) = phase { return end(.refused(status: status, body: body)) }
        end(.failed("the connection broke"))
    }

    override func channelFailed(_ channel: Channel, _ error: CryptoError) {
        end(.failed("\(error)"))
    }

    override func deadlinePassed(now: Nanoseconds) {
        end(.failed("the server did not answer in time"))
    }
}

/// Lines of standard input, read by a thread of its own, since a file or a pipe cannot all be polled. Where nobody takes them
/// it reads no more, and whoever writes them has to wait.
package final class LineInput: Sendable {
    /// Bytes that wait to be taken at which no more is read.
    private static let limit = 512 * 1024

    private struct Waiting {
        /// nil is the end.
        var lines: [String?] = []
        /// With what a line takes however short it is.
        var bytes = 0

        var isFull: Bool { bytes >= LineInput.limit }

        mutating func add(_ line: String?) {
            lines.append(line)
            bytes += (line?.utf8.count ?? 0) + MemoryLayout<String?>.stride
        }
    }

    private let waiting = Lock(Waiting())
    private let wake: WakeUp
    /// Woken once for each time that it was full.
    private let room: WakeUp

    package init() throws(SystemError) {
        wake = try WakeUp(blocking: false)
        room = try WakeUp(blocking: true)
    }

    /// Readable once there is something to take, until ``forgetWake()``.
    var number: Int32 { wake.number }

    func forgetWake() { wake.take() }

    /// Makes ``number`` readable again, for lines that were left.
    func wakeAgain() { wake.wake() }

    func take() -> [String?] {
        let taken = waiting.withLock { waiting -> Waiting in
            defer { waiting = Waiting() }
            return waiting
        }
        if taken.isFull { room.wake() }
        return taken.lines
    }

    /// Starts to read standard input.
    package func start() throws(SystemError) {
        _ = try WorkerThread("stdin") { [self] in
            while true {
                let line = readLine()
                let isFull = waiting.withLock { waiting -> Bool in
                    waiting.add(line)
                    return waiting.isFull
                }
                wake.wake()
                if line == nil { return }
                if isFull { room.take() }
            }
        }
    }
}
