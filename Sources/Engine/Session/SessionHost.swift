internal import Logging
internal import Middleware
internal import PolicyModel
internal import Tokens

/// The gateway on one worker: its sessions, and what they need of the rest.
final class SessionHost {
    let worker: Worker
    /// The policy in force.
    private(set) var runtime: GatewayRuntime
    let logger: Logger
    private let inbox: Inbox
    private let audit: AuditLog
    /// What happens on this worker, counted.
    let metrics: WorkerMetrics
    var identities = IdentityIndex()
    /// Upstreams that did not upgrade, by name.
    var upgradeNotice = RepeatedNotice()
    /// Load balancers that do not say whom they bring, by the listener's name.
    var proxyNotice = RepeatedNotice()
    private(set) var isDraining = false
    private(set) lazy var closing = CloseSchedule(host: self)

    private(set) var sessions: [ObjectIdentifier: Session] = [:]
    /// Those whose chain waits for an answer, by the number of the errand.
    private var waiting: [UInt64: Session] = [:]
    private var lastErrand: UInt64 = 0
    private var drain: DrainSchedule?
    private var recheck: RecheckSchedule?
    private var idle = IdleOrder()
    private let share: WorkerShare

    init(
        worker: Worker, inbox: Inbox, runtime: GatewayRuntime, audit: AuditLog, logger: Logger,
        share: WorkerShare = WorkerShare()
    ) {
        self.share = share
        self.worker = worker
        self.inbox = inbox
        self.runtime = runtime
        self.audit = audit
        metrics = WorkerMetrics(names: runtime.names)
        self.logger = logger
    }

    /// Runs the worker until it is drained.
    func run() throws(SystemError) {
        defer { inbox.close() }
        try worker.watch(inbox.wakeDescriptor) { [unowned self] in inbox.takeAll().forEach(handle) }
        worker.run()
    }

    private func handle(_ message: WorkerMessage) {
        switch message {
        case .connection(let accepted): accept(accepted)
        case .policy(let runtime): follow(runtime)
        case .shed: idle.shed(sessions, now: worker.now)
        case .revoked(let revocations): revoke(revocations)
        case .keysGone(let keys): revoke(signedBy: keys)
        case .answered(let errand, let conclusion): waiting.removeValue(forKey: errand)?.resume(conclusion)
        case .drain(let window): beginDrain(window)
        case .stop: endAll()
        case .perform(let work): work(self)
        }
    }

    /// Whether a handshake may still be admitted.
    var isAdmitting: Bool { inbox.isAdmitting }

    /// Which of the gateway's workers this is, counted from 0.
    var index: Int { share.index }

    /// Whatever becomes of a connection passes here: to the log, and to the metrics.
    func write(_ facts: AuditFacts) {
        metrics.count(facts)
        audit.write(facts)
    }

    /// What this worker has counted, for a scrape.
    func metricsCopy() -> WorkerCounts { metrics.copy(with: worker, index: share.index) }

    private func accept(_ accepted: AcceptedConnection) {
        let descriptor = Descriptor(owning: accepted.descriptor)
        let session = Session(host: self, accepted: accepted)
        guard session.start(descriptor) else {
            tellWithoutMeans()
            leave(session)
            return
        }
        sessions[ObjectIdentifier(session)] = session
    }

    /// The system has no means for a connection that was taken.
    func tellWithoutMeans() {
        logger.error("connection dropped: no memory for TLS, or no room in epoll")
    }

    func remove(_ session: Session) {
        guard sessions.removeValue(forKey: ObjectIdentifier(session)) != nil else { return }
        leave(session)
        if isDraining, sessions.isEmpty { worker.stop() }
    }

    private func leave(_ session: Session) {
        identities.remove(session)
        session.counted.remove()
        inbox.load.remove()
    }

    // MARK: - Errands

    /// A number under which `session` gets an answer.
    func expectAnswer(for session: Session) -> UInt64 {
        lastErrand += 1
        waiting[lastErrand] = session
        return lastErrand
    }

    /// Asks; the answer comes through the inbox, from whichever thread has it.
    func ask(_ errand: Errand, number: UInt64) {
        let inbox = inbox
        errand.ask { conclusion in inbox.post(.answered(errand: number, conclusion)) }
    }

    /// Whoever asked has gone.
    func forgetAnswer(_ errand: UInt64) { waiting[errand] = nil }

    private func revoke(_ revocations: [Revocation]) {
        for revocation in revocations {
            for session in identities.covered(by: revocation) { session.revoke() }
        }
    }

    /// Looks at every connection: it is rare that a key goes.
    private func revoke(signedBy keys: Set<String>) {
        for session in sessions.values where session.identity.map({ keys.contains($0.keyID) }) ?? false {
            session.revoke()
        }
    }

    // MARK: - Policies

    private func follow(_ runtime: GatewayRuntime) {
        self.runtime = runtime
        metrics.follow(runtime.names)
        guard !runtime.changes.isEmpty, !isDraining else { return }
        // Those whose turn has not come yet keep it.
        let marked = sessions.values.filter { $0.mark(runtime.changes) }
        guard !marked.isEmpty else { return }
        let unfinished = recheck.flatMap { $0.isOver ? nil : $0 }
        recheck = RecheckSchedule(host: self, sessions: marked, share: share, after: unfinished)
        recheck?.start()
    }

    // MARK: - Drain

    private func beginDrain(_ window: Nanoseconds) {
        guard !isDraining else { return }
        isDraining = true
        // A drain ends them all.
        recheck = nil
        for chore in [Chore.recheck, .closing] { worker.assign(chore, to: nil) }
        guard !sessions.isEmpty else { return worker.stop() }
        drain = DrainSchedule(
            host: self, sessions: sessions.values.filter(\.isUnderWay), window: window, share: share)
        drain?.start()
    }

    /// Ends what the drain has left over.
    func endAll() {
        // What has been said to them in this wake-up still goes out.
        worker.flushDirty()
        for session in sessions.values { session.stop() }
        worker.stop()
    }
}
