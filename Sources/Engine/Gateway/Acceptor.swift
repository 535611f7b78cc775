internal import CPlatform
internal import Glibc
internal import Logging
internal import Middleware
internal import PolicyModel
import Synchronization

/// A listener's socket, until it is closed.
final class ListeningSocket {
    let listener: Listener
    let address: SocketAddress
    private(set) var descriptor: Descriptor?

    init(_ listener: Listener) throws(SystemError) {
        self.listener = listener
        let descriptor = try Socket.listen(on: listener.policy.address)
        address = Socket.localAddress(of: descriptor) ?? listener.policy.address
        self.descriptor = consume descriptor
    }

    var number: Int32 { descriptor?.number ?? -1 }

    func accept() -> Socket.Acceptance {
        guard descriptor != nil else { return .none }
        return Socket.accept(number)
    }

    func close() {
        descriptor = nil
    }
}

/// Takes new connections, on the main thread: admission by the peer's address alone, then to the worker that has the
/// fewest. Signals come here, too.
final class Acceptor {
    /// Accepted in one go, so that one listener does not starve another.
    private static let batch = 64
    /// How long accepting rests when descriptors have run out, in milliseconds.
    private static let rest: Int32 = 100
    private static let signalKey = UInt64.max
    private static let finishedKey = UInt64.max - 1

    private let poller: Poller
    private let sockets: [ListeningSocket]
    private let inboxes: [Inbox]
    private let audit: AuditLog
    private let policyVersion: String
    private let logger: Logger
    private let signals: Descriptor
    /// Woken when the last worker has ended.
    private let finished: WakeUp
    private var isDraining = false

    init(
        _ sockets: [ListeningSocket], inboxes: [Inbox], audit: AuditLog, policyVersion: String,
        signals: consuming Descriptor,
        finished: WakeUp, logger: Logger
    ) throws(SystemError) {
        poller = try Poller()
        self.sockets = sockets
        self.inboxes = inboxes
        self.audit = audit
        self.policyVersion = policyVersion
        self.logger = logger
        self.finished = finished
        try poller.add(signals.number, [.readable], key: Self.signalKey)
        try poller.add(finished.number, [.readable], key: Self.finishedKey)
        self.signals = consume signals
        try watchSockets()
    }

    private func watchSockets() throws(SystemError) {
        for (index, socket) in sockets.enumerated() { try poller.add(socket.number, [.readable], key: UInt64(index)) }
    }

    /// Accepts until a signal comes, then drains. False where a second signal ended the drain before its time.
    func run() -> Bool {
        var isResting = false
        while true {
            let count = poller.wait(milliseconds: isResting ? Self.rest : -1)
            if isResting, !isDraining { isResting = !resumeAccepting() }
            for index in 0..<count {
                switch poller.event(index).key {
                case Self.signalKey:
                    if !handleSignal() { return false }
                case Self.finishedKey:
                    return true
                case let key:
                    guard !isDraining, !isResting, key < UInt64(sockets.count) else { continue }
                    isResting = !acceptBatch(sockets[Int(key)])
                    if isResting { restFromAccepting() }
                }
            }
        }
    }

    /// False where the process is to end at once.
    private func handleSignal() -> Bool {
        switch cp_next_signal(signals.number) {
        case SIGTERM, SIGINT:
            guard !isDraining else { return false }
            drain()
        case SIGHUP:
            logger.warning("HUP is ignored: to apply a changed policy, start the gateway again")
        default:
            break
        }
        return true
    }

    private func drain() {
        isDraining = true
        let window = sockets.map(\.listener.policy.limits.drainWindow).max() ?? .zero
        logger.notice("draining; a second signal ends at once", metadata: ["window": "\(window)"])
        for socket in sockets {
            poller.remove(socket.number)
            socket.close()
        }
        for inbox in inboxes { inbox.post(.drain(window: window.nanoseconds)) }
    }

    /// False where the system has no room yet: then it is tried again after another rest.
    private func resumeAccepting() -> Bool {
        do throws(SystemError) {
            try watchSockets()
            return true
        } catch {
            for socket in sockets { poller.remove(socket.number) }
            return false
        }
    }

    private func restFromAccepting() {
        logger.error("out of file descriptors or memory: accepting rests; raise the limit (ulimit -n)")
        for socket in sockets { poller.remove(socket.number) }
    }

    /// False where the system has no more descriptors.
    private func acceptBatch(_ socket: ListeningSocket) -> Bool {
        for _ in 0..<Self.batch {
            switch socket.accept() {
            case .none: return true
            case .exhausted: return false
            case .connection(let descriptor, let peer): admit(descriptor, peer, socket.listener)
            }
        }
        return true
    }

    /// Lets a connection in, or closes it without a word: nothing is spent on TLS for one that admission does not want.
    private func admit(_ descriptor: consuming Descriptor, _ peer: SocketAddress, _ listener: Listener) {
        let now = SystemClock.monotonic()
        let live = listener.connections.wrappingAdd(1, ordering: .relaxed).newValue
        guard live <= listener.policy.limits.connections else { return drop(.capacityExceeded, peer, listener) }
        switch listener.admission.admit(peer.ip, monotonic: now) {
        case .failure(let reason):
            drop(reason, peer, listener)
        case .success(let admission):
            guard let inbox = inboxes.min(by: { $0.load.load(ordering: .relaxed) < $1.load.load(ordering: .relaxed) })
            else { return drop(.capacityExceeded, peer, listener) }
            inbox.load.wrappingAdd(1, ordering: .relaxed)
            inbox.post(
                .connection(
                    AcceptedConnection(
                        descriptor: descriptor.release(), peer: peer, listener: listener, leases: admission.leases,
                        shadowRefusals: admission.shadowRefusals, acceptedAt: now)))
        }
    }

    private func drop(_ reason: RefusalReason, _ peer: SocketAddress, _ listener: Listener) {
        listener.connections.wrappingSubtract(1, ordering: .relaxed)
        var facts = AuditFacts(requestID: RequestID.make(), listener: listener.policy.name, client: peer.ip)
        facts.drop(reason)
        audit.write(facts, policyVersion: policyVersion)
    }
}
