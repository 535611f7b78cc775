internal import Middleware
internal import PolicyModel
import Synchronization
internal import Tokens

/// What other threads ask of a worker.
enum WorkerMessage: Sendable {
    /// A connection that was accepted and admitted, as a descriptor that the worker owns from now on.
    case connection(AcceptedConnection)
    /// These are revoked: live connections that they cover end now.
    case revoked([Revocation])
    /// No new handshake; live connections end within the window (nanoseconds).
    case drain(window: Nanoseconds)
    /// Live connections end at once.
    case stop
}

/// A connection between the acceptor and its worker.
struct AcceptedConnection: Sendable {
    let descriptor: Int32
    let peer: SocketAddress
    let listener: Listener
    let leases: [ConnectionLease]
    let shadowRefusals: [ShadowRefusal]
    let acceptedAt: Nanoseconds
}

/// Where other threads leave messages for a worker. The one lock of a worker, and never on the way of a message.
final class Inbox: Sendable {
    private let messages = Mutex<[WorkerMessage]>([])
    private let wake: WakeUp
    /// Connections that the worker has or is about to get.
    let load = Atomic<Int>(0)

    init() throws(SystemError) {
        wake = try WakeUp(blocking: false)
    }

    /// Readable when there are messages.
    var wakeDescriptor: Int32 { wake.number }

    func post(_ message: WorkerMessage) {
        let wasEmpty = messages.withLock { messages in
            messages.append(message)
            return messages.count == 1
        }
        if wasEmpty { wake.wake() }
    }

    func takeAll() -> [WorkerMessage] {
        wake.take()
        return messages.withLock { messages in
            let all = messages
            messages.removeAll()
            return all
        }
    }
}
