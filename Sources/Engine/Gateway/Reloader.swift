internal import Locking
internal import Logging
internal import PolicyModel
import Synchronization
internal import Tokens

/// A reload that is over.
struct PastReload: Sendable, Hashable {
    let outcome: ReloadOutcome
    let atUnixMilliseconds: Int64
}

/// Puts changed policies in force, on a thread of its own: they are read, checked and made ready aside, with certificates,
/// addresses and sockets, and only then taken over, whole. Where anything is wrong all stays as it was.
final class Reloader: Sendable {
    private let load: @Sendable () -> Result<VersionedPolicy, PolicyProblems>
    private let prepare: @Sendable (VersionedPolicy, GatewayRuntime) throws -> GatewayRuntime
    private let mailbox: Mailbox<AcceptorMessage>
    private let resolver: UpstreamResolver
    private let keyWatcher: KeyWatcher?
    private let metrics: GatewayMetrics
    private let fileWatcher: FileWatcher?
    private let logger: Logger
    private let isStopped = Atomic<Bool>(false)
    private let wake: WakeUp
    /// Who wants to know what comes of the next reload.
    private let asking = Lock<[@Sendable (ReloadOutcome) -> Void]>([])
    private let past = Lock<PastReload?>(nil)

    /// `load` reads the policies, and has told what is wrong with them where anything is; `prepare` makes a runtime that follows
    /// another.
    init(
        load: @escaping @Sendable () -> Result<VersionedPolicy, PolicyProblems>,
        prepare: @escaping @Sendable (VersionedPolicy, GatewayRuntime) throws -> GatewayRuntime,
        mailbox: Mailbox<AcceptorMessage>, resolver: UpstreamResolver, keyWatcher: KeyWatcher? = nil,
        metrics: GatewayMetrics = GatewayMetrics(), fileWatcher: FileWatcher? = nil, logger: Logger
    ) throws(SystemError) {
        self.load = load
        self.prepare = prepare
        self.mailbox = mailbox
        self.resolver = resolver
        self.keyWatcher = keyWatcher
        self.metrics = metrics
        self.fileWatcher = fileWatcher
        self.logger = logger
        wake = try WakeUp(blocking: true)
    }

    /// What the last reload has come to.
    var last: PastReload? { past.withLock { $0 } }

    /// Asks for a reload. Requests that come while one is on its way are answered by one more. `answered` is called once.
    func request(_ answered: (@Sendable (ReloadOutcome) -> Void)? = nil) {
        if let answered { asking.withLock { $0.append(answered) } }
        wake.wake()
    }

    /// Answers requests until it is stopped, beginning from the runtime in force, which is only asked for here: a caller that
    /// holds it would keep the first policy for as long as this runs.
    func run(from inForce: @autoclosure () -> GatewayRuntime) {
        var runtime = inForce()
        while true {
            wake.take()
            if isStopped.load(ordering: .acquiring) { return }
            let asking = asking.withLock { asking in
                defer { asking = [] }
                return asking
            }
            let answer: @Sendable (ReloadOutcome) -> Void = { [past, metrics] outcome in
                let reload = PastReload(outcome: outcome, atUnixMilliseconds: SystemClock.unixMilliseconds())
                past.withLock { $0 = reload }
                metrics.reloaded(outcome)
                for answered in asking { answered(outcome) }
            }
            if let next = reload(after: runtime, answer) { runtime = next }
        }
    }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        wake.wake()
    }

    private func reload(
        after runtime: GatewayRuntime, _ answer: @escaping @Sendable (ReloadOutcome) -> Void
    ) -> GatewayRuntime? {
        let policy: VersionedPolicy
        do throws(PolicyProblems) {
            policy = try load().get()
            fileWatcher?.follow(named: policy.namedFiles)
        } catch {
            fileWatcher?.follow(named: error.namedFiles)
            tellFailure("see above", inForce: runtime)
            answer(.refused(error.lines))
            return nil
        }
        do {
            let next = try prepare(policy, runtime)
            // A name that is asked for the first time must not cost the first clients their connection.
            for upstream in next.upstreams where upstream.isIncomplete { resolver.resolve(upstream) }
            try keyWatcher?.settle(next.keyRings)
            let bound = Set(runtime.listeners.map(\.binding))
            let leaving = bound.subtracting(next.listeners.map(\.binding)).map(\.address)
            let opened = try next.listeners.filter { !bound.contains($0.binding) }
                .map { try ListeningSocket(for: $0, leaving: leaving) }
            resolver.follow(next.upstreams)
            keyWatcher?.follow(next.keyRings)
            let version = next.policyVersion
            mailbox.post(
                .install(
                    PolicyInstallation(runtime: next, opened: opened) { isInForce in
                        answer(isInForce ? .inForce(version: version) : .draining)
                    }))
            return next
        } catch {
            tellFailure("\(error)", inForce: runtime)
            answer(.refused(["\(error)"]))
            return nil
        }
    }

    private func tellFailure(_ reason: String, inForce runtime: GatewayRuntime) {
        logger.error(
            "policies not reloaded, those in force stay: \(reason)",
            metadata: ["policy_version": "\(runtime.policyVersion)"])
    }
}
