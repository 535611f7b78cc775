internal import Glibc
internal import Locking
internal import Logging
import Synchronization

/// The operators' door: HTTP/1.1 with JSON over a socket in the state folder, and over loopback TCP where the policy says so.
///
/// One thread accepts, and each connection has a thread of its own, which may wait for a peer or for a worker; workers wait for
/// none of them.
final class AdminServer: Sendable {
    /// Connections that are answered at once, at either door: who crowds one of them leaves the other alone. More than these wait
    /// in the system's queue until one of them ends, as each does in bounded time.
    static let maximumPeers = 32
    /// Accepted in one go.
    private static let batch = 16
    /// How long accepting rests when descriptors or threads have run out, in milliseconds.
    private static let rest: Int32 = 100
    /// Between two tries to take the place in the state folder, in milliseconds.
    private static let tryInterval: Int32 = 1000

    /// nil while another gateway has the place, or something stands in its way.
    private let socket: Lock<AdminSocket?>
    private let control: GatewayControl
    private let endpoints: AdminEndpoints
    private let access: AdminAccess
    private let logger: Logger
    private let wake: WakeUp
    private let isStopped = Atomic<Bool>(false)
    private let socketPeers = LiveCount()
    private let doorPeers = LiveCount()

    /// Takes its place in the state folder. Where that cannot be had, since a gateway that drains is still there, it is told, and
    /// ``run()`` tries again; until then the gateway can be steered over TCP and by signals alone.
    init(control: GatewayControl, stateDirectory: String, logger: Logger) throws(SystemError) {
        self.control = control
        self.logger = logger
        wake = try WakeUp(blocking: false)
        let socket = Lock<AdminSocket?>(nil)
        do throws(AdminSocketError) {
            let taken = try AdminSocket(stateDirectory: stateDirectory)
            socket.withLock { $0 = taken }
        } catch {
            logger.warning("no admin socket, tried again each second: \(error)")
        }
        self.socket = socket
        access = AdminAccess(logger: logger)
        endpoints = AdminEndpoints(
            control: control, stateDirectory: stateDirectory, socketPath: { socket.withLock { $0?.path } },
            logger: logger)
        control.follow { [wake] in wake.wake() }
    }

    /// Serves until it is stopped.
    func run() {
        var door: AdminDoor?
        var nextTry = SystemClock.monotonic()
        while !isStopped.load(ordering: .acquiring) {
            follow(&door)
            let socket = place(&nextTry)
            let socketNumber = Self.hasPlace(socketPeers) ? socket?.number : nil
            let doorNumber = Self.hasPlace(doorPeers) ? door?.number : nil
            var watched = [wake.number, socketNumber ?? -1, doorNumber ?? -1].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            let patience = socket == nil ? Self.tryInterval : -1
            guard unsafe poll(&watched, nfds_t(watched.count), patience) > 0 else { continue }
            if watched[0].revents != 0 { wake.take() }
            var hasRoom = true
            if watched[1].revents != 0, let socket { hasRoom = acceptLocal(socket) }
            if watched[2].revents != 0, let door { hasRoom = accept(door) && hasRoom }
            if !hasRoom { wake.wait(milliseconds: Self.rest) }
        }
    }

    /// Ends ``run()``, and takes the socket out of the folder. Requests that are being answered are left to the process's end.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        wake.wake()
        socket.withLock { $0 }?.remove()
    }

    /// The socket in the state folder. Where there is none, it is tried for when it is time; why it could not be had before has
    /// been told.
    private func place(_ nextTry: inout Nanoseconds) -> AdminSocket? {
        if let socket = socket.withLock({ $0 }) { return socket }
        let now = SystemClock.monotonic()
        guard now >= nextTry else { return nil }
        nextTry = now.saturatingAdd(Nanoseconds(Self.tryInterval) * 1_000_000)
        guard let taken = try? AdminSocket(stateDirectory: endpoints.stateDirectory) else { return nil }
        socket.withLock { $0 = taken }
        if isStopped.load(ordering: .acquiring) {
            // `stop()` may have looked before it was there.
            taken.remove()
        } else {
            logger.notice("admin socket listening", metadata: ["path": "\(taken.path)"])
        }
        return taken
    }

    /// Goes on with the door of the policy in force.
    private func follow(_ door: inout AdminDoor?) {
        let next = control.policy.runtime.adminDoor
        if let door, next?.hasSocket(of: door) != true {
            // Whoever holds the policy before for a while must not keep its port.
            door.close()
            logger.notice("admin no longer listening", metadata: ["address": "\(door.boundAddress)"])
        }
        if let next, door?.hasSocket(of: next) != true {
            logger.notice("admin listening", metadata: ["address": "\(next.boundAddress)"])
        }
        door = next
    }

    // MARK: - Accepting

    private static func hasPlace(_ peers: LiveCount) -> Bool { peers.value < maximumPeers }

    /// False where the system has no room for more.
    private func acceptLocal(_ socket: AdminSocket) -> Bool {
        for _ in 0..<Self.batch where Self.hasPlace(socketPeers) {
            switch UnixSocket.accept(socket.number) {
            case .none: return true
            case .exhausted: return false
            case .connection(let descriptor):
                // The file's mode says the same; it could be changed.
                guard let peer = UnixSocket.peer(of: descriptor.number), peer.user == 0 || peer.user == geteuid() else {
                    continue
                }
                guard serve(descriptor, .process(peer), nil, socketPeers) else { return false }
            }
        }
        return true
    }

    private func accept(_ door: AdminDoor) -> Bool {
        for _ in 0..<Self.batch where Self.hasPlace(doorPeers) {
            switch Socket.accept(door.number) {
            case .none: return true
            case .exhausted: return false
            case .connection(let descriptor, let address):
                guard serve(descriptor, .address(address), door, doorPeers) else { return false }
            }
        }
        return true
    }

    /// Answers on a thread of its own. False where there is none to be had.
    private func serve(
        _ descriptor: consuming Descriptor, _ peer: AdminPeer, _ door: AdminDoor?, _ peers: LiveCount
    ) -> Bool {
        peers.add()
        let number = descriptor.release()
        let isTCP = door != nil
        do throws(SystemError) {
            let (access, endpoints, control, wake) = (access, endpoints, control, wake)
            _ = try WorkerThread("admin-peer") {
                AdminConnection(Descriptor(owning: number)).serve(from: peer) { request in
                    do throws(AdminRefusal) {
                        // The token is that of now: one that a reload has replaced opens nothing.
                        try access.check(request, at: isTCP ? control.policy.runtime.adminDoor : nil)
                        return try endpoints.answer(request)
                    } catch {
                        return error.answer
                    }
                }
                peers.remove()
                // Somebody may wait for the place.
                wake.wake()
            }
            return true
        } catch {
            _ = Descriptor(owning: number)
            peers.remove()
            return false
        }
    }
}
