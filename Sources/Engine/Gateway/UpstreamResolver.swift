internal import Logging
internal import PolicyModel
import Synchronization

/// Keeps the addresses of upstreams that are named by DNS, on a thread of its own, since the system's resolver blocks.
final class UpstreamResolver: Sendable {
    /// Between two rounds, in milliseconds.
    private static let interval: Int32 = 30_000

    private let targets: [UpstreamTarget]
    private let logger: Logger
    private let isStopped = Atomic<Bool>(false)
    private let wake: WakeUp

    init(_ targets: [UpstreamTarget], logger: Logger) throws(SystemError) {
        self.targets = targets.filter(\.hasNames)
        self.logger = logger
        wake = try WakeUp(blocking: false)
    }

    /// Whether there is anything to resolve.
    var isNeeded: Bool { !targets.isEmpty }

    func run() {
        while !isStopped.load(ordering: .acquiring) {
            for target in targets {
                for endpoint in target.resolve() {
                    logger.warning(
                        "upstream name has no address",
                        metadata: ["upstream": "\(target.policy.name)", "endpoint": "\(endpoint)"])
                }
            }
            wake.wait(milliseconds: Self.interval)
        }
    }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        wake.wake()
    }
}
