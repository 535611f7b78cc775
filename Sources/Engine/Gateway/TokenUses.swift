internal import Locking
internal import Logging
internal import Middleware
import Synchronization
internal import TokenStore

/// Counts uses of tokens in the store, on a thread of its own: a use is on the disk before its connection is let in. Those
/// that come while the disk is at work are written together.
final class TokenUses: UseCounter {
    private struct Use: Sendable {
        let id: String
        let limit: Int64
        let answered: @Sendable (UseAnswer) -> Void
    }

    /// Uses that wait at most: more than that a disk does not write while anybody waits for it.
    private static let maximumWaiting = 10_000

    private let stateDirectory: String
    private let metrics: GatewayMetrics
    private let logger: Logger
    private let waiting = Lock<[Use]>([])
    private let isStopped = Atomic<Bool>(false)
    private let wake: WakeUp

    init(stateDirectory: String, metrics: GatewayMetrics = GatewayMetrics(), logger: Logger) throws(SystemError) {
        self.metrics = metrics
        self.stateDirectory = stateDirectory
        self.logger = logger
        wake = try WakeUp(blocking: true)
    }

    func use(_ id: String, limit: Int64, answered: @escaping @Sendable (UseAnswer) -> Void) {
        let isTaken = waiting.withLock { waiting in
            guard waiting.count < Self.maximumWaiting else { return false }
            waiting.append(Use(id: id, limit: limit, answered: answered))
            return true
        }
        if isTaken { return wake.wake() }
        metrics.add(.tokenUses, "unavailable")
        answered(.unavailable)
    }

    /// Answers until it is stopped.
    func run() {
        var store: TokenStore?
        var isFailing = false
        while true {
            wake.take()
            if isStopped.load(ordering: .acquiring) { return }
            let uses = waiting.withLock { waiting in
                let uses = waiting
                waiting.removeAll()
                return uses
            }
            guard !uses.isEmpty else { continue }
            do throws(TokenStoreError) {
                let opened: TokenStore
                if let store {
                    opened = store
                } else {
                    opened = try TokenStore(stateDirectory: stateDirectory, createIfMissing: false)
                    store = opened
                }
                let now = SystemClock.unixSeconds()
                let answers = try opened.use(uses.map { ($0.id, $0.limit) }, now: now)
                for (use, answer) in zip(uses, answers) {
                    metrics.add(.tokenUses, answer == .admitted ? "admitted" : "exhausted")
                    use.answered(answer == .admitted ? .admitted : .exhausted)
                }
                isFailing = false
            } catch {
                if !isFailing { logger.error("token store not written, no token of limited use is admitted: \(error)") }
                isFailing = true
                // Another file may stand there by now.
                store = nil
                metrics.add(.tokenStoreFailures, "use")
                for use in uses {
                    metrics.add(.tokenUses, "unavailable")
                    use.answered(.unavailable)
                }
            }
        }
    }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        wake.wake()
    }
}
