internal import Middleware
internal import PolicyModel
import Synchronization
internal import Tokens

/// What other threads ask of a worker.
enum WorkerMessage: Sendable {
    /// A connection that was accepted and admitted, as a descriptor that the worker owns from now on.
    case connection(AcceptedConnection)
    /// Handshakes whose request comes from now on are judged by this policy.
    case policy(GatewayRuntime)
    /// Memory is short: as many connections that are idle end, those that have been it for longest.
    case shed
    /// These are revoked: live connections that they cover end now.
    case revoked([Revocation])
    /// Keys of another issuer that are no longer its own, by their ids: live connections of their tokens end now.
    case keysGone(Set<String>)
    /// The answer that a handshake waits for.
    case answered(errand: UInt64, Conclusion)
    /// No new handshake; live connections end within the window (nanoseconds).
    case drain(window: Nanoseconds)
    /// Live connections end at once.
    case stop
    /// Whatever else another thread wants to know or to have done: rare, and short.
    case perform(@Sendable (SessionHost) -> Void)
}

/// A connection between the acceptor and its worker. One that is to begin with a PROXY header is admitted by the worker.
struct AcceptedConnection: Sendable {
    let descriptor: Int32
    let peer: SocketAddress
    let listener: Listener
    let admission: AdmissionLeases?
    let acceptedAt: Nanoseconds
}

/// A worker's mailbox. The one lock of a worker, and never on the way of a message.
final class Inbox: Sendable {
    private let mailbox: Mailbox<WorkerMessage>
    /// Connections that the worker has or is about to get.
    let load = LiveCount()
    private let admits = Atomic<Bool>(true)

    init() throws(SystemError) {
        mailbox = try Mailbox()
    }

    /// Readable when there are messages.
    var wakeDescriptor: Int32 { mailbox.wakeDescriptor }

    /// Whether a handshake may still be admitted.
    var isAdmitting: Bool { admits.load(ordering: .acquiring) }

    /// Has every handshake refused from now on. A drain says it to all workers before the first of them ends a connection:
    /// whoever sees one end is refused by each of them.
    func stopAdmitting() { admits.store(false, ordering: .releasing) }

    /// False where the worker has ended, and the message is dropped.
    @discardableResult
    func post(_ message: WorkerMessage) -> Bool {
        if mailbox.post(message) { return true }
        drop(message)
        return false
    }

    func takeAll() -> [WorkerMessage] { mailbox.takeAll() }

    /// The worker has ended: what waits for it is dropped, as is what comes from now on.
    func close() {
        for message in mailbox.close() { drop(message) }
    }

    private func drop(_ message: WorkerMessage) {
        guard case .connection(let accepted) = message else { return }
        _ = Descriptor(owning: accepted.descriptor)
        accepted.listener.connections.remove()
        load.remove()
    }
}
