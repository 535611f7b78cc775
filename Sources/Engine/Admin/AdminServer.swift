internal import Glibc
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

    private let socket: AdminSocket?
    private let control: GatewayControl
    private let endpoints: AdminEndpoints
    private let access: AdminAccess
    private let logger: Logger
    private let wake: WakeUp
    private let isStopped = Atomic<Bool>(false)
    private let socketPeers = LiveCount()
    private let doorPeers = LiveCount()

    /// Takes its place in the state folder. Where that cannot be had, it is told, and the gateway can be steered over TCP and by
    /// signals alone.
    init(control: GatewayControl, stateDirectory: String, logger: Logger) throws(SystemError) {
        self.control = control
        self.logger = logger
        wake = try WakeUp(blocking: false)
        do throws(AdminSocketError) {
            socket = try AdminSocket(stateDirectory: stateDirectory)
        } catch {
            socket = nil
            logger.warning("no admin socket: \(error)")
        }
        access = AdminAccess(logger: logger)
        endpoints = AdminEndpoints(
            control: control, stateDirectory: stateDirectory, socketPath: socket?.path, logger: logger)
        control.follow { [wake] in wake.wake() }
    }

    /// Serves until it is stopped.
    func run() {
        var door: AdminDoor?
        while !isStopped.load(ordering: .acquiring) {
            follow(&door)
            let socketNumber = Self.hasPlace(socketPeers) ? socket?.number : nil
            let doorNumber = Self.hasPlace(doorPeers) ? door?.number : nil
            var watched = [wake.number, socketNumber ?? -1, doorNumber ?? -1].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            guard unsafe poll(&watched, nfds_t(watched.count), -1) > 0 else { continue }
            if watched[0].revents != 0 { wake.take() }
            var hasRoom = true
            if watched[1].revents != 0 { hasRoom = acceptLocal() }
            if watched[2].revents != 0, let door { hasRoom = accept(door) && hasRoom }
            if !hasRoom { wake.wait(milliseconds: Self.rest) }
        }
    }

    /// Ends ``run()``, and takes the socket out of the folder. Requests that are being answered are left to the process's end.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        wake.wake()
        socket?.remove()
    }

    /// Goes on with the door of the policy in force.
    private func follow(_ door: inout AdminDoor?) {
        let next = control.policy.runtime.adminDoor
        if let next, next.address != door?.address {
            logger.notice("admin listening", metadata: ["address": "\(next.boundAddress)"])
        } else if next == nil, let door {
            logger.notice("admin no longer listening", metadata: ["address": "\(door.boundAddress)"])
        }
        door = next
    }

    // MARK: - Accepting

    private static func hasPlace(_ peers: LiveCount) -> Bool { peers.value < maximumPeers }

    /// False where the system has no room for more.
    private func acceptLocal() -> Bool {
        guard let socket else { return true }
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
        // The door itself stays out of the thread: who keeps it keeps its port.
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
