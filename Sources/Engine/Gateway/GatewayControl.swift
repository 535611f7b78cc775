internal import Locking

/// What came of a reload.
enum ReloadOutcome: Sendable, Hashable {
    /// Every handshake whose request comes from now on is judged by the policy of this version.
    case inForce(version: String)
    /// All stays as it was: what is wrong, a line each.
    case refused([String])
}

/// A running gateway as other threads ask it and steer it.
final class GatewayControl: Sendable {
    let workers: Workers
    let metrics: MetricsCollector
    private let shared: GatewayMetrics
    private let mailbox: Mailbox<AcceptorMessage>
    private let reloader: Reloader
    private let inForce: Lock<PolicyInForce>

    init(
        _ runtime: GatewayRuntime, inboxes: [Inbox], mailbox: Mailbox<AcceptorMessage>, reloader: Reloader,
        metrics: GatewayMetrics = GatewayMetrics(), audit: AuditLog? = nil
    ) {
        shared = metrics
        self.metrics = MetricsCollector(metrics, audit: audit, workers: inboxes.count)
        metrics.follow(runtime.names)
        workers = Workers(inboxes: inboxes)
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
    }

    /// Reads the policies again, as HUP does. `answered` is called once, on another thread, when they are in force or are not
    /// going to be.
    func reload(_ answered: @escaping @Sendable (ReloadOutcome) -> Void) { reloader.request(answered) }

    /// Drains, as TERM does.
    func drain() { mailbox.post(.drain) }
}

/// The policy that judges now.
struct PolicyInForce: Sendable {
    let runtime: GatewayRuntime
    let sinceUnixMilliseconds: Int64
}
