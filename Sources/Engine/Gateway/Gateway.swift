internal import Crypto
internal import HTTPClient
package import Logging
package import Middleware
package import PolicyModel
import Synchronization
internal import TokenStore
internal import Tokens

/// A policy that can be run, and what tells it from others.
package struct VersionedPolicy: Sendable {
    package var policy: Policy
    /// Names the policy in every audit record; the same files give the same version.
    package var version: String
    /// What it was read from.
    package var files: [PolicyText]
    /// Paths that stand in it.
    package var namedFiles: [String]

    package init(policy: Policy, version: String, files: [PolicyText] = [], namedFiles: [String] = []) {
        self.policy = policy
        self.version = version
        self.files = files
        self.namedFiles = namedFiles
    }
}

/// A file of a policy, as it was when it was read.
package struct PolicyText: Sendable, Hashable {
    package var name: String
    package var text: String

    package init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

/// What is wrong with policies that cannot be run: a line each, which has been told already.
package struct PolicyProblems: Error, Sendable, Hashable {
    package var lines: [String]
    /// Paths that stand in them: what is wrong may be mended there.
    package var namedFiles: [String]

    package init(lines: [String], namedFiles: [String] = []) {
        self.lines = lines
        self.namedFiles = namedFiles
    }
}

/// What a gateway is started with.
package struct GatewayConfiguration: Sendable {
    /// The policy to begin with.
    package var policy: VersionedPolicy
    /// Reads the policies again, for a reload; where they cannot be run it tells what is wrong with them on standard error, too.
    /// Called on a thread of its own.
    package var reload: @Sendable () -> Result<VersionedPolicy, PolicyProblems>
    /// The paths of the files that are policies now, where policies are to be read again when any file changes; nil: only when
    /// they are told to be.
    package var watchedPolicies: (@Sendable () -> [String])?
    /// Event loops, one thread each; at least 1.
    package var workers: Int
    /// The folder of keys, tokens and revocations.
    package var stateDirectory: String
    /// What relative paths in the policy are relative to.
    package var root: String
    /// Makes what policies name beside the built-ins.
    package var extensions: ExtensionFactories

    package init(
        policy: VersionedPolicy, reload: @escaping @Sendable () -> Result<VersionedPolicy, PolicyProblems>,
        watchedPolicies: (@Sendable () -> [String])? = nil, workers: Int, stateDirectory: String, root: String,
        extensions: ExtensionFactories = ExtensionFactories()
    ) {
        self.policy = policy
        self.watchedPolicies = watchedPolicies
        self.reload = reload
        self.workers = workers
        self.stateDirectory = stateDirectory
        self.root = root
        self.extensions = extensions
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

/// The gateway: made from a policy, it listens; run, it serves until a signal drains it, by this policy or by those that
/// are reloaded.
package final class Gateway {
    /// How long the last audit records may take to be written, in milliseconds.
    private static let auditPatience: Int32 = 5000

    /// How long the last look at the token store may take, in milliseconds: what it writes there is written in less, unless
    /// another process holds the store.
    private static let storePatience: Int32 = 1000

    /// How long workers may take to end when a second signal has come, in milliseconds.
    private static let stopPatience: Int32 = 500

    private let inboxes: [Inbox]
    private let acceptor: Acceptor
    private let audit: AuditLog
    private let watcher: TokenWatcher
    private let uses: TokenUses
    private let position: TokenWatcher.Position
    private let resolver: UpstreamResolver
    private let reloader: Reloader
    /// nil where nobody looks at the files.
    private let fileWatcher: FileWatcher?
    private let control: GatewayControl
    private let client: HTTPClient
    private let keyWatcher: KeyWatcher
    private let finished: WakeUp
    private let stateDirectory: String
    private let logger: Logger

    /// Binds all listeners and loads all certificates: an error here means that nothing was started.
    /// Signals TERM, INT, HUP and USR1 belong to the gateway from here on, in every thread.
    package init(_ configuration: GatewayConfiguration, audit: AuditLog, logger: Logger) throws {
        self.audit = audit
        self.logger = logger
        stateDirectory = configuration.stateDirectory
        let signals = Descriptor.ofSignals()
        guard signals.number >= 0 else { throw SystemError("take over signals") }
        inboxes = try (0..<max(1, configuration.workers)).map { _ in try Inbox() }
        // Enough that a few authorisation services that hang keep nobody from their turn.
        client = try HTTPClient(maximumAlive: 256, maximumWaiting: 4096)
        let metrics = GatewayMetrics()
        uses = try TokenUses(stateDirectory: configuration.stateDirectory, metrics: metrics, logger: logger)
        keyWatcher = try KeyWatcher(client: client, inboxes: inboxes, metrics: metrics, logger: logger)
        let root = configuration.root
        let resolve: @Sendable (String) -> String = { $0.resolved(in: root) }
        let services = GatewayServices(
            tokens: TokenAuthority(), uses: uses, keyWatcher: keyWatcher,
            authorization: AuthorizationCalls(client: client, resolve: resolve, metrics: metrics, logger: logger),
            extensions: configuration.extensions, metrics: metrics, resolve: resolve)
        // What changes while it is read for the first time has changed.
        fileWatcher = try configuration.watchedPolicies.map { policyFiles in
            try FileWatcher(policyFiles: policyFiles, named: configuration.policy.namedFiles, resolve: resolve)
        }
        let runtime = try Self.runtime(of: configuration.policy, services, logger: logger)
        let sockets = try runtime.listeners.map { try ListeningSocket(for: $0) }
        finished = try WakeUp(blocking: false)
        let store = try TokenStore(stateDirectory: configuration.stateDirectory)
        // The first token to be issued must not have to wait for its key to be found here.
        _ = try store.builtinSigningKey(now: SystemClock.unixSeconds())
        watcher = try TokenWatcher(
            stateDirectory: configuration.stateDirectory, authority: services.tokens, signer: services.signer,
            inboxes: inboxes, metrics: metrics, logger: logger)
        // Keys and revocations are there before the first handshake.
        var position = TokenWatcher.Position(store)
        watcher.look(&position)
        self.position = position
        resolver = try UpstreamResolver(runtime.upstreams, logger: logger)
        let mailbox = try Mailbox<AcceptorMessage>()
        reloader = try Reloader(
            load: configuration.reload, prepare: { try Self.runtime(of: $0, services, after: $1, logger: logger) },
            mailbox: mailbox, resolver: resolver, keyWatcher: keyWatcher, metrics: metrics, fileWatcher: fileWatcher,
            logger: logger)
        control = GatewayControl(
            runtime, inboxes: inboxes, mailbox: mailbox, reloader: reloader, tokens: services.tokens,
            metrics: metrics, audit: audit)
        acceptor = try Acceptor(
            PolicyInstallation(runtime: runtime, opened: sockets), mailbox: mailbox, inboxes: inboxes, audit: audit,
            reloader: reloader, control: control, metrics: metrics, signals: signals, finished: finished,
            logger: logger)
        try fetchKeys(runtime.keyRings)
    }

    /// Makes a policy ready to run.
    private static func runtime(
        of policy: VersionedPolicy, _ services: GatewayServices, after before: GatewayRuntime? = nil, logger: Logger
    ) throws -> GatewayRuntime {
        checkDescriptorLimit(policy.policy, logger)
        let door = try AdminDoor.open(policy.policy.admin, resolve: services.resolve, after: before?.adminDoor)
        return try GatewayRuntime(policy, services, adminDoor: door, after: before)
    }

    /// Keys are there before the first handshake, where they can be had.
    private func fetchKeys(_ keyRings: [KeyRing]) throws {
        let (client, keyWatcher) = (client, keyWatcher)
        _ = try WorkerThread("http") { client.run() }
        _ = try WorkerThread("keys") { keyWatcher.run() }
        try keyWatcher.settle(keyRings)
        keyWatcher.follow(keyRings)
    }

    /// Each connection takes two descriptors, one toward either side.
    private static func checkDescriptorLimit(_ policy: Policy, _ logger: Logger) {
        let limit = DescriptorLimit.raise()
        let connections = policy.listeners.reduce(0) { $0 + $1.limits.connections }
        let wanted = UInt64(2 * min(connections, policy.limits.connections ?? connections) + 64)
        guard limit < wanted else { return }
        logger.warning(
            "fewer file descriptors than limits.connections needs: raise the hard limit (ulimit -Hn, LimitNOFILE)",
            metadata: ["limit": "\(limit)", "wanted": "\(wanted)"])
    }

    /// Serves until a signal ends it and every connection has had its close. False where a second signal cut that short.
    package func run() throws -> Bool {
        let watcher = watcher
        let (resolver, reloader, control, fileWatcher) = (resolver, reloader, control, fileWatcher)
        let position = position
        try audit.start()
        let watched = try WakeUp(blocking: false)
        _ = try WorkerThread("tokens") {
            watcher.run(from: position)
            watched.wake()
        }
        let uses = uses
        _ = try WorkerThread("uses") { uses.run() }
        _ = try WorkerThread("resolver") { resolver.run() }
        try startWorkers()
        _ = try WorkerThread("reloader") { reloader.run(from: control.policy.runtime) }
        let admin = try AdminServer(control: control, stateDirectory: stateDirectory, logger: logger)
        _ = try WorkerThread("admin") { admin.run() }
        if let fileWatcher { _ = try WorkerThread("files") { fileWatcher.run { reloader.request() } } }
        let isComplete = acceptor.run()
        if !isComplete {
            // Each connection's last line in the log is still written.
            for inbox in inboxes { inbox.post(.stop) }
            finished.wait(milliseconds: Self.stopPatience)
        }
        watcher.stop()
        uses.stop()
        resolver.stop()
        reloader.stop()
        fileWatcher?.stop()
        keyWatcher.stop()
        client.stop()
        watched.wait(milliseconds: isComplete ? Self.storePatience : Self.stopPatience)
        // A reader of the log that does not read must not keep the gateway from its end.
        audit.end(milliseconds: isComplete ? Self.auditPatience : Self.auditPatience / 10)
        // The last of all: who waits for the gateway's end sees it by this.
        admin.stop()
        return isComplete
    }

    private func startWorkers() throws {
        let running = RunningCount(inboxes.count)
        let (control, audit, logger, finished, workers) = (control, audit, logger, finished, inboxes.count)
        for (index, inbox) in inboxes.enumerated() {
            _ = try WorkerThread("worker-\(index)") {
                do throws(SystemError) {
                    let host = SessionHost(
                        worker: try Worker(), inbox: inbox, runtime: control.policy.runtime, audit: audit,
                        logger: logger, share: WorkerShare(index: index, count: workers))
                    try host.run()
                } catch {
                    logger.critical("worker not started: \(error)")
                }
                if running.finishOne() { finished.wake() }
            }
        }
    }
}
