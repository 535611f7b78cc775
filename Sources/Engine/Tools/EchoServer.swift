internal import Crypto
internal import Glibc
package import PolicyModel
internal import WebSocketProtocol

/// A WebSocket server that sends back every message: something to stand behind a gateway while it is tried out.
package final class EchoServer {
    private let worker: Worker
    private let door: EchoDoor
    /// Where it listens; the port is the real one, also where 0 was asked for.
    package let address: SocketAddress

    package init(address: SocketAddress) throws(SystemError) {
        worker = try Worker()
        let socket = try Socket.listen(on: address)
        self.address = Socket.localAddress(of: socket) ?? address
        door = EchoDoor(worker, consume socket)
    }

    /// Serves until TERM or INT.
    package func run() throws(SystemError) {
        let signals = Descriptor.ofSignals()
        try worker.watch(signals.number) { [unowned self] in worker.stop() }
        try door.open()
        worker.run()
    }
}

/// Where the echo server's clients come in.
private final class EchoDoor: ChannelOwner {
    /// How long accepting rests when descriptors have run out, in nanoseconds.
    private static let rest: Nanoseconds = 100_000_000

    private let worker: Worker
    private let socket: Descriptor
    /// The socket's in the poller.
    private var key: UInt64 = 0

    init(_ worker: Worker, _ socket: consuming Descriptor) {
        self.worker = worker
        self.socket = socket
    }

    func open() throws(SystemError) {
        key = try worker.watch(socket.number) { [unowned self] in accept() }
        worker.assign(.accepting, to: self)
    }

    private func accept() {
        while true {
            switch Socket.accept(socket.number) {
            case .connection(let descriptor, _):
                let connection = EchoConnection(worker)
                _ = worker.open(descriptor, owner: connection)
            case .none:
                return
            case .exhausted:
                // Whoever waits would be told of again and again.
                worker.poller.change(socket.number, [], key: key)
                return worker.setDeadline(worker.now + Self.rest, for: .accepting)
            }
        }
    }

    override func deadlinePassed(now: Nanoseconds) {
        worker.poller.change(socket.number, [.readable], key: key)
    }
}

/// One client of the echo server.
private final class EchoConnection: ChannelOwner {
    private static let limits = MessageLimits(messageBytes: 1 << 30, fragments: 1 << 20)
    private static let queueLimit = 256 * 1024

    private let worker: Worker
    private var head = RequestHeadParser()
    private var parser = FrameParser(sender: .client, limits: EchoConnection.limits)
    private var outlet: Outlet?

    init(_ worker: Worker) {
        self.worker = worker
    }

    override func allowance(for channel: Channel) -> Int {
        max(1, Self.queueLimit - channel.queuedBytes)
    }

    override func channel(_ channel: Channel, received bytes: Span<UInt8>) {
        guard outlet == nil else { return echo(bytes, channel) }
        do throws(HandshakeError) {
            let (consumed, request) = try head.receive(bytes)
            guard let request else { return }
            try answer(UpgradeRequest(request), channel)
            echo(bytes.extracting(consumed..<bytes.count), channel)
        } catch {
            if let response = ResponseWriter.serializedResponse(
                status: error.status, headers: HeaderFields(), body: Array("not a WebSocket handshake\n".utf8))
            {
                channel.append(response)
            }
            channel.finish()
        }
    }

    private func answer(_ request: UpgradeRequest, _ channel: Channel) {
        outlet = Outlet(channel: channel, masks: false)
        if let response = ResponseWriter.serializedSwitchingProtocols(
            accept: Digest.webSocketAccept(forKey: request.key), subprotocol: request.subprotocols.first,
            headers: HeaderFields())
        {
            channel.append(response)
        }
    }

    private func echo(_ bytes: Span<UInt8>, _ channel: Channel) {
        guard var outlet, !outlet.hasSentClose else { return }
        var offset = 0
        do throws(FrameError) {
            while let event = try parser.next(in: bytes, at: &offset) {
                switch event {
                case .frame(let header):
                    outlet.beginFrame(header)
                case .payload(let range, let key, let endsFrame, _):
                    outlet.append(bytes, range, key: key, &worker.random)
                    if endsFrame { outlet.endFrame(&worker.random) }
                case .control(.ping):
                    parser.withControlPayload { outlet.sendPong($0, &worker.random) }
                case .control(.close):
                    let payload = parser.withControlPayload { ClosePayload($0) } ?? ClosePayload(code: nil)
                    outlet.sendClose(payload, &worker.random)
                    channel.finish()
                    self.outlet = outlet
                    return
                case .control:
                    continue
                }
            }
        } catch {
            outlet.sendClose(ClosePayload(code: error.closeCode), &worker.random)
            channel.finish()
        }
        self.outlet = outlet
    }

    override func channelFlushed(_ channel: Channel) {
        let mayRead = channel.queuedBytes < Self.queueLimit / 2
        if mayRead != channel.isReading { channel.setReading(mayRead) }
        outlet?.sendPending(&worker.random)
    }

    override func channelEnded(_ channel: Channel) { channel.close() }
    override func channelFailed(_ channel: Channel) { channel.close() }
}
