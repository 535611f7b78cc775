internal import Locking
internal import Logging
internal import PolicyModel
import Synchronization

/// Keeps the addresses of upstreams that are named by DNS, on a thread of its own, since the system's resolver blocks.
final class UpstreamResolver: Sendable {
    /// Between two rounds, in milliseconds.
    private static let interval: Int32 = 30_000

    private let targets: Lock<[UpstreamTarget]>
    private let logger: Logger
    private let isStopped = Atomic<Bool>(false)
    private let wake: WakeUp

    init(_ targets: [UpstreamTarget], logger: Logger) throws(SystemError) {
        self.targets = Lock(targets)
        self.logger = logger
        wake = try WakeUp(blocking: false)
    }

    /// From now on these, from the next round on.
    func follow(_ targets: [UpstreamTarget]) {
        self.targets.withLock { $0 = targets }
    }

    /// Asks for all names again and again until it is stopped.
    func run() {
        while !isStopped.load(ordering: .acquiring) {
            targets.withLock { $0 }.filter(\.hasNames).forEach(resolve)
            wake.wait(milliseconds: Self.interval)
        }
    }

    /// Asks for the names of one upstream, which may take seconds.
    func resolve(_ target: UpstreamTarget) {
        for endpoint in target.resolve() {
            logger.warning(
                "upstream name has no address",
                metadata: ["upstream": "\(target.policy.name)", "endpoint": "\(endpoint)"])
        }
    }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        wake.wake()
    }
}
