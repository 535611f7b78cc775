internal import CPlatform
internal import Crypto
internal import Glibc
internal import Logging
internal import Middleware
internal import PolicyModel

/// What other threads ask of the acceptor.
enum AcceptorMessage: Sendable {
    case install(PolicyInstallation)
    /// The same as TERM.
    case drain
}

/// A policy that is ready to take over.
struct PolicyInstallation: Sendable {
    let runtime: GatewayRuntime
    /// For the listeners that were not there before.
    let opened: [ListeningSocket]
    /// Told once the policy is in force, or that it never will be, since the gateway drains.
    var concluded: @Sendable (_ isInForce: Bool) -> Void = { _ in }
}

/// Takes new connections, on the main thread: admission by the peer's address alone, then to the worker that has the
/// fewest. Signals come here, too, and policies that take over.
final class Acceptor {
    /// Accepted in one go, so that one listener does not starve another.
    private static let batch = 64
    /// How long accepting rests when descriptors have run out, in milliseconds.
    private static let rest: Int32 = 100
    private static let signalKey = UInt64.max
    private static let finishedKey = UInt64.max - 1
    private static let mailboxKey = UInt64.max - 2

    /// A socket and what it is the door to, in the policy in force.
    private struct Door {
        let socket: ListeningSocket
        let listener: Listener
    }

    private let poller: Poller
    /// By the poller's keys, which are never used twice: a late event finds nothing.
    private var doors: [UInt64: Door] = [:]
    private var nextKey: UInt64 = 0
    private var runtime: GatewayRuntime
    private var ceiling: MemoryCeiling
    private let mailbox: Mailbox<AcceptorMessage>
    private let inboxes: [Inbox]
    private let audit: AuditLog
    private let reloader: Reloader
    private let control: GatewayControl
    private let metrics: GatewayMetrics
    private let logger: Logger
    private let signals: Descriptor
    /// Woken when the last worker has ended.
    private let finished: WakeUp
    private var random = RandomPool()
    private var isDraining = false
    /// Descriptors have run out, and the sockets are not watched for a while.
    private var isResting = false
    /// When ticket keys are to be rotated next.
    private var nextRotation = Nanoseconds.max

    init(
        _ installation: PolicyInstallation, mailbox: Mailbox<AcceptorMessage>, inboxes: [Inbox], audit: AuditLog,
        reloader: Reloader, control: GatewayControl, metrics: GatewayMetrics, signals: consuming Descriptor,
        finished: WakeUp, logger: Logger
    ) throws(SystemError) {
        poller = try Poller()
        runtime = installation.runtime
        ceiling = MemoryCeiling(bytes: runtime.limits.memory)
        self.mailbox = mailbox
        self.inboxes = inboxes
        self.audit = audit
        self.reloader = reloader
        self.control = control
        self.metrics = metrics
        self.logger = logger
        self.finished = finished
        try poller.add(signals.number, [.readable], key: Self.signalKey)
        try poller.add(finished.number, [.readable], key: Self.finishedKey)
        try poller.add(mailbox.wakeDescriptor, [.readable], key: Self.mailboxKey)
        self.signals = consume signals
        installDoors(installation)
        try watchSockets()
    }

    /// Accepts until a signal comes, then drains. False where a second signal ended the drain before its time.
    func run() -> Bool {
        for door in doors.values { tell("listening", door) }
        while true {
            let now = SystemClock.monotonic()
            if !isDraining { rotateTicketKeys(now: now) }
            let count = poller.wait(milliseconds: patience(now: now))
            if isResting, !isDraining { isResting = !resumeAccepting() }
            for index in 0..<count {
                switch poller.event(index).key {
                case Self.signalKey:
                    if !handleSignal() { return false }
                case Self.finishedKey:
                    return true
                case Self.mailboxKey:
                    mailbox.takeAll().forEach(handle)
                case let key:
                    guard !isResting, let door = doors[key] else { continue }
                    isResting = !acceptBatch(door)
                    if isResting { restFromAccepting() }
                }
            }
            if !isDraining { watchMemory() }
        }
    }

    /// How long to wait at most, in milliseconds: until memory must be looked at, ticket keys rotate, or a rest is over.
    private func patience(now: Nanoseconds) -> Int32 {
        guard !isDraining else { return -1 }
        // Rounded up: woken too early, it would find nothing due.
        let rotation = Int32(clamping: (nextRotation - now) / 1_000_000 + 1)
        let patience = min(rotation, ceiling.patience(now: now))
        return isResting ? min(Self.rest, patience) : patience
    }

    /// Gives each listener new ticket keys where it is time.
    private func rotateTicketKeys(now: Nanoseconds) {
        nextRotation = runtime.listeners.map { $0.ticketKeys.rotate(now: now) }.min() ?? .max
    }

    private func tell(_ what: Logger.Message, _ door: Door) {
        logger.notice(
            what, metadata: ["listener": "\(door.listener.policy.name)", "address": "\(door.socket.address)"])
    }

    private func handle(_ message: AcceptorMessage) {
        switch message {
        case .install(let installation): install(installation)
        case .drain: drain()
        }
    }

    // MARK: - Signals

    /// False where the process is to end at once.
    private func handleSignal() -> Bool {
        switch cp_next_signal(signals.number) {
        case SIGTERM, SIGINT:
            guard !isDraining else { return false }
            drain()
        case SIGHUP:
            if !isDraining { reloader.request() }
        case SIGUSR1:
            audit.reopen()
        default:
            break
        }
        return true
    }

    private func drain() {
        guard !isDraining else { return }
        isDraining = true
        let window = runtime.listeners.map(\.policy.limits.drainWindow).max() ?? .zero
        logger.notice("draining; a second signal ends at once", metadata: ["window": "\(window)"])
        for door in doors.values { retire(door) }
        doors = [:]
        tellAddresses()
        for inbox in inboxes { inbox.stopAdmitting() }
        for inbox in inboxes { inbox.post(.drain(window: window.nanoseconds)) }
    }

    // MARK: - Policies

    /// Puts a policy in force, whole: in the same moment for admission here, and for each worker before the first
    /// connection that was admitted by it. Sockets that both policies listen on are never closed meanwhile.
    private func install(_ installation: PolicyInstallation) {
        guard !isDraining else { return installation.concluded(false) }
        let before = doors
        runtime = installation.runtime
        ceiling.change(to: runtime.limits.memory)
        installDoors(installation)
        for inbox in inboxes { inbox.post(.policy(runtime)) }
        for (key, door) in before where doors[key] == nil {
            retire(door)
            tell("no longer listening", door)
        }
        for (key, door) in doors where before[key] == nil { open(door, key) }
        control.noteInForce(runtime)
        installation.concluded(true)
        logger.notice("policies reloaded", metadata: ["policy_version": "\(runtime.policyVersion)"])
    }

    private func open(_ door: Door, _ key: UInt64) {
        do throws(SystemError) {
            if !isResting { try poller.add(door.socket.number, [.readable], key: key) }
            tell("listening", door)
        } catch {
            doors[key] = nil
            logger.error("not listening: \(error)", metadata: ["listener": "\(door.listener.policy.name)"])
        }
    }

    private func installDoors(_ installation: PolicyInstallation) {
        let held = Dictionary(doors.map { ($0.value.socket.binding, $0.key) }) { first, _ in first }
        let opened = Dictionary(installation.opened.map { ($0.binding, $0) }) { first, _ in first }
        var next: [UInt64: Door] = [:]
        for listener in installation.runtime.listeners {
            if let key = held[listener.binding], let door = doors[key] {
                next[key] = Door(socket: door.socket, listener: listener)
            } else if let socket = opened[listener.binding] {
                next[nextKey] = Door(socket: socket, listener: listener)
                nextKey += 1
            }
        }
        doors = next
        tellAddresses()
    }

    private func tellAddresses() {
        control.noteListening(
            Dictionary(doors.values.map { ($0.listener.policy.name, $0.socket.address) }) { first, _ in first })
    }

    // MARK: - Accepting

    private func watchSockets() throws(SystemError) {
        for (key, door) in doors { try poller.add(door.socket.number, [.readable], key: key) }
    }

    /// False where the system has no room yet: then it is tried again after another rest.
    private func resumeAccepting() -> Bool {
        do throws(SystemError) {
            try watchSockets()
            return true
        } catch {
            for door in doors.values { poller.remove(door.socket.number) }
            return false
        }
    }

    private func restFromAccepting() {
        metrics.add(.acceptPauses)
        logger.error("out of file descriptors or memory: accepting rests; raise the limit (ulimit -n)")
        for door in doors.values { poller.remove(door.socket.number) }
    }

    /// Watches a socket no more.
    private func retire(_ door: Door) {
        poller.remove(door.socket.number)
        // Who already waits in the socket's queue gets an answer, and not a reset.
        _ = acceptBatch(door, count: Self.batch * 16)
    }

    /// False where the system has no more descriptors.
    private func acceptBatch(_ door: Door, count: Int = batch) -> Bool {
        for _ in 0..<count {
            switch door.socket.accept() {
            case .none: return true
            case .exhausted: return false
            case .connection(let descriptor, let peer): admit(descriptor, peer, door.listener)
            }
        }
        return true
    }

    /// Lets a connection in, or closes it without a word: nothing is spent on TLS for one that admission does not want.
    private func admit(_ descriptor: consuming Descriptor, _ peer: SocketAddress, _ listener: Listener) {
        let now = SystemClock.monotonic()
        listener.accepted.add()
        guard listener.connections.add() <= listener.policy.limits.connections, !ceiling.isReached, hasRoom else {
            return drop(.capacityExceeded, peer, listener)
        }
        // A load balancer's own address says nothing of the client's, which it is about to tell.
        if listener.policy.proxyProtocol.contains(peer.ip) {
            return hand(descriptor, peer, listener, admission: nil, now: now)
        }
        switch listener.admission.admit(peer.ip, monotonic: now) {
        case .failure(let reason): drop(reason, peer, listener)
        case .success(let admission): hand(descriptor, peer, listener, admission: admission, now: now)
        }
    }

    /// Gives it to the worker that has the fewest.
    private func hand(
        _ descriptor: consuming Descriptor, _ peer: SocketAddress, _ listener: Listener, admission: AdmissionLeases?,
        now: Nanoseconds
    ) {
        guard let inbox = inboxes.min(by: { $0.load.value < $1.load.value }) else {
            return drop(.capacityExceeded, peer, listener)
        }
        inbox.load.add()
        inbox.post(
            .connection(
                AcceptedConnection(
                    descriptor: descriptor.release(), peer: peer, listener: listener, admission: admission,
                    acceptedAt: now)))
    }

    /// Whether the whole gateway may have one more connection.
    private var hasRoom: Bool {
        guard let maximum = runtime.limits.connections else { return true }
        return inboxes.reduce(0) { $0 + $1.load.value } < maximum
    }

    private func drop(_ reason: RefusalReason, _ peer: SocketAddress, _ listener: Listener) {
        listener.connections.remove()
        var facts = AuditFacts(
            requestID: RequestID.make(&random), listener: listener.policy.name, policyVersion: runtime.policyVersion,
            client: peer.ip)
        facts.drop(reason)
        metrics.count(facts)
        audit.write(facts)
    }

    // MARK: - Memory

    /// Has connections end that are idle, as long as memory is short.
    private func watchMemory() {
        switch ceiling.check(now: SystemClock.monotonic()) {
        case .nothing:
            return
        case .reached(let bytes):
            logger.error(
                "memory ceiling reached: new connections are refused, idle ones are closed",
                metadata: ["resident_bytes": "\(bytes)", "limits.memory": "\(ceiling.bytes)"])
        case .left(let bytes):
            logger.notice("below the memory ceiling again", metadata: ["resident_bytes": "\(bytes)"])
        case .short:
            break
        }
        guard ceiling.isReached else { return }
        for inbox in inboxes { inbox.post(.shed) }
    }
}
