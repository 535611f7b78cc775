package import Logging
internal import Middleware
package import PolicyModel
import Synchronization
internal import TokenStore
internal import Tokens

/// What a gateway is started with.
package struct GatewayConfiguration: Sendable {
    package var policy: Policy
    /// Names the policy in every audit record; the same files give the same version.
    package var policyVersion: String
    /// Event loops, one thread each; at least 1.
    package var workers: Int
    /// The folder of keys, tokens and revocations.
    package var stateDirectory: String
    /// What relative paths in the policy are relative to.
    package var root: String

    package init(policy: Policy, policyVersion: String, workers: Int, stateDirectory: String, root: String) {
        self.policy = policy
        self.policyVersion = policyVersion
        self.workers = workers
        self.stateDirectory = stateDirectory
        self.root = root
    }
}

/// How many workers still run.
private final class RunningCount: Sendable {
    private let count: Atomic<Int>

    init(_ count: Int) {
        self.count = Atomic(count)
    }

    /// True for the last one.
    func finishOne() -> Bool {
        count.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0
    }
}

/// The gateway: made from a policy, it listens; run, it serves until a signal drains it.
package final class Gateway {
    /// How long the last audit records may take to be written, in milliseconds.
    private static let auditPatience: Int32 = 5000

    /// How long workers may take to end when a second signal has come, in milliseconds.
    private static let stopPatience: Int32 = 500

    private let runtime: GatewayRuntime
    private let sockets: [ListeningSocket]
    private let inboxes: [Inbox]
    private let acceptor: Acceptor
    private let audit: AuditLog
    private let watcher: TokenWatcher
    private let position: TokenWatcher.Position
    private let resolver: UpstreamResolver
    private let finished: WakeUp
    private let logger: Logger

    /// Binds all listeners and loads all certificates: an error here means that nothing was started.
    /// Signals TERM, INT and HUP belong to the gateway from here on, in every thread.
    package init(_ configuration: GatewayConfiguration, audit: AuditLog, logger: Logger) throws {
        self.audit = audit
        self.logger = logger
        let signals = Descriptor.ofSignals()
        guard signals.number >= 0 else { throw SystemError("take over signals") }
        Self.checkDescriptorLimit(configuration.policy, logger)
        let authority = TokenAuthority()
        let environment = MiddlewareEnvironment(tokens: authority)
        let upstreams = Dictionary(
            configuration.policy.upstreams.map { ($0.name, UpstreamTarget($0)) },
            uniquingKeysWith: { first, _ in first })
        runtime = GatewayRuntime(
            configuration.policy, version: configuration.policyVersion, environment: environment, upstreams: upstreams)
        let root = configuration.root
        sockets = try configuration.policy.listeners.map { policy in
            let listener = try Listener(policy, environment: environment) { path in
                path.hasPrefix("/") ? path : "\(root)/\(path)"
            }
            return try ListeningSocket(listener)
        }
        inboxes = try (0..<max(1, configuration.workers)).map { _ in try Inbox() }
        finished = try WakeUp(blocking: false)
        let store = try TokenStore(stateDirectory: configuration.stateDirectory)
        // The first token to be issued must not have to wait for its key to be found here.
        _ = try store.builtinSigningKey(now: SystemClock.unixMilliseconds() / 1000)
        watcher = try TokenWatcher(
            stateDirectory: configuration.stateDirectory, authority: authority, inboxes: inboxes, logger: logger)
        // Keys and revocations are there before the first handshake.
        var position = TokenWatcher.Position(store)
        watcher.look(&position)
        self.position = position
        resolver = try UpstreamResolver(Array(upstreams.values), logger: logger)
        acceptor = try Acceptor(
            sockets, inboxes: inboxes, audit: audit, policyVersion: configuration.policyVersion, signals: signals,
            finished: finished, logger: logger)
    }

    /// Each connection takes two descriptors, one toward either side.
    private static func checkDescriptorLimit(_ policy: Policy, _ logger: Logger) {
        let limit = DescriptorLimit.raise()
        let wanted = policy.listeners.reduce(0) { $0 &+ 2 * UInt64($1.limits.connections) } &+ 64
        guard limit < wanted else { return }
        logger.warning(
            "fewer file descriptors than limits.connections needs: raise the hard limit (ulimit -Hn, LimitNOFILE)",
            metadata: ["limit": "\(limit)", "wanted": "\(wanted)"])
    }

    /// Serves until a signal ends it and every connection has had its close. False where a second signal cut that short.
    package func run() throws -> Bool {
        let audit = audit
        let watcher = watcher
        let resolver = resolver
        let position = position
        let audited = try WakeUp(blocking: false)
        _ = try WorkerThread("audit") {
            audit.run()
            audited.wake()
        }
        let watcherThread = try WorkerThread("tokens") { watcher.run(from: position) }
        if resolver.isNeeded { _ = try WorkerThread("resolver") { resolver.run() } }
        try startWorkers()
        for socket in sockets {
            logger.notice(
                "listening",
                metadata: ["listener": "\(socket.listener.policy.name)", "address": "\(socket.address)"])
        }
        let isComplete = acceptor.run()
        if !isComplete {
            // Each connection's last line in the log is still written.
            for inbox in inboxes { inbox.post(.stop) }
            finished.wait(milliseconds: Self.stopPatience)
        }
        watcher.stop()
        resolver.stop()
        watcherThread.join()
        audit.close()
        // A reader of the log that does not read must not keep the gateway from its end.
        audited.wait(milliseconds: isComplete ? Self.auditPatience : Self.auditPatience / 10)
        return isComplete
    }

    private func startWorkers() throws {
        let running = RunningCount(inboxes.count)
        let (runtime, audit, logger, finished) = (runtime, audit, logger, finished)
        for (index, inbox) in inboxes.enumerated() {
            _ = try WorkerThread("worker-\(index)") {
                do throws(SystemError) {
                    let host = SessionHost(
                        worker: try Worker(), inbox: inbox, runtime: runtime, audit: audit, logger: logger)
                    try host.run()
                } catch {
                    logger.critical("worker not started: \(error)")
                }
                if running.finishOne() { finished.wake() }
            }
        }
    }
}
