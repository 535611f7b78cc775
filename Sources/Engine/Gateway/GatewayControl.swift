internal import Locking
internal import PolicyModel
import Synchronization
internal import Tokens

/// What came of a reload.
enum ReloadOutcome: Sendable, Hashable {
    /// Every handshake whose request comes from now on is judged by the policy of this version.
    case inForce(version: String)
    /// All stays as it was: what is wrong, a line each.
    case refused([String])
    /// All stays as it was, since the gateway drains.
    case draining
}

/// A running gateway as other threads ask it and steer it.
final class GatewayControl: Sendable {
    let workers: Workers
    let metrics: MetricsCollector
    private let shared: GatewayMetrics
    private let mailbox: Mailbox<AcceptorMessage>
    private let reloader: Reloader
    private let tokens: TokenAuthority
    private let inForce: Lock<PolicyInForce>
    private let listening = Lock<[String: SocketAddress]>([:])
    private let drains = Atomic<Bool>(false)
    private let followers = Lock<[@Sendable () -> Void]>([])

    init(
        _ runtime: GatewayRuntime, inboxes: [Inbox], mailbox: Mailbox<AcceptorMessage>, reloader: Reloader,
        tokens: TokenAuthority, metrics: GatewayMetrics = GatewayMetrics(), audit: AuditLog? = nil
    ) {
        shared = metrics
        self.metrics = MetricsCollector(metrics, audit: audit, workers: inboxes.count)
        metrics.follow(runtime.names)
        workers = Workers(inboxes: inboxes)
        self.tokens = tokens
        self.mailbox = mailbox
        self.reloader = reloader
        inForce = Lock(PolicyInForce(runtime: runtime, sinceUnixMilliseconds: SystemClock.unixMilliseconds()))
    }

    /// The policy in force. The acceptor says when it is another one.
    var policy: PolicyInForce { inForce.withLock { $0 } }

    func noteInForce(_ runtime: GatewayRuntime) {
        let policy = PolicyInForce(runtime: runtime, sinceUnixMilliseconds: SystemClock.unixMilliseconds())
        inForce.withLock { $0 = policy }
        shared.follow(runtime.names)
        for follower in followers.withLock({ $0 }) { follower() }
    }

    /// Has `told` called whenever another policy is in force, by the acceptor, which must not be kept.
    func follow(_ told: @escaping @Sendable () -> Void) { followers.withLock { $0.append(told) } }

    /// Where each listener listens, by its name, with the ports that the system chose.
    var addresses: [String: SocketAddress] { listening.withLock { $0 } }

    func noteListening(_ addresses: [String: SocketAddress]) { listening.withLock { $0 = addresses } }

    /// Whether no new connections are taken any more.
    var isDraining: Bool { drains.load(ordering: .relaxed) || workers.inboxes.contains { !$0.isAdmitting } }

    /// False as long as nobody can say which tokens are revoked, so that none is admitted.
    var isStoreReadable: Bool { tokens.isAvailable }

    /// What the last reload has come to, by whomever it was asked for; nil before the first.
    var lastReload: PastReload? { reloader.last }

    /// Reads the policies again, as HUP does. `answered` is called once, on another thread, when they are in force or are not
    /// going to be.
    func reload(_ answered: @escaping @Sendable (ReloadOutcome) -> Void) { reloader.request(answered) }

    /// Drains, as TERM does.
    func drain() {
        drains.store(true, ordering: .relaxed)
        mailbox.post(.drain)
    }
}

/// The policy that judges now.
struct PolicyInForce: Sendable {
    let runtime: GatewayRuntime
    let sinceUnixMilliseconds: Int64
}
