internal import Crypto
internal import HTTPClient
internal import Locking
internal import Logging
internal import PolicyModel
import Synchronization
internal import Tokens

/// Keeps the keys of all `jwt` issuers fresh, on a thread of its own: files are looked at each second, services are asked when
/// it is time. What it learns reaches the next handshake; sockets of tokens whose key is gone are ended by their workers.
final class KeyWatcher: Sendable {
    /// Between two looks, in milliseconds.
    private static let interval: Int32 = 1000

    private struct Answer: Sendable {
        let ring: KeyRing
        let result: Result<HTTPResponse, HTTPFailure>
    }

    private let client: HTTPClient
    private let inboxes: [Inbox]
    private let metrics: GatewayMetrics
    private let logger: Logger
    private let rings = Lock<[KeyRing]>([])
    private let answers = Lock<[Answer]>([])
    private let isStopped = Atomic<Bool>(false)
    private let wake: WakeUp

    init(
        client: HTTPClient, inboxes: [Inbox], metrics: GatewayMetrics = GatewayMetrics(), logger: Logger
    ) throws(SystemError) {
        self.metrics = metrics
        self.client = client
        self.inboxes = inboxes
        self.logger = logger
        wake = try WakeUp(blocking: false)
    }

    /// The keys of an issuer, which go on from those in the policy `before` it.
    func ring(issuer: String, source: JWTSettings.KeySource, after before: KeyRing?) -> KeyRing {
        if let before, before.source == source { return before }
        return KeyRing(issuer: issuer, source: source, after: before) { [weak self] ring, request in
            guard let self else { return }
            client.send(request) { result in
                self.answers.withLock { $0.append(Answer(ring: ring, result: result)) }
                self.wake.wake()
            }
        }
    }

    /// Reads the keys of a ring that has none from their file: like a certificate it is there, or the policy cannot be run.
    func readFile(_ ring: KeyRing) throws(CryptoError) {
        guard ring.keys.isEmpty, let outcome = ring.readFile(unixSeconds: SystemClock.unixSeconds()) else {
            return
        }
        if case .failed(let reason, _) = outcome {
            throw CryptoError(operation: "read the keys of token issuer \(ring.issuer)", reason: reason)
        }
        tell(ring, outcome)
    }

    /// From now on these.
    func follow(_ rings: [KeyRing]) {
        self.rings.withLock { $0 = rings }
        wake.wake()
    }

    /// Fetches the keys of those that have none, and waits for them, at most as long as their fetches may take: a service that
    /// is down keeps nothing else from being served.
    func settle(_ rings: [KeyRing]) throws(SystemError) {
        let done = try WakeUp(blocking: false)
        let now = SystemClock.monotonic()
        var patience: Nanoseconds = 0
        let left = Lock(0)
        for ring in rings where ring.keys.isEmpty {
            ring.fetchIfDue(now: now)
            guard let refresh = ring.refresh else { continue }
            patience = max(patience, refresh.patience.nanoseconds.saturatingAdd(1_000_000_000))
            left.withLock { $0 += 1 }
            refresh.whenDone {
                left.withLock { $0 -= 1 }
                done.wake()
            }
        }
        let end = now.saturatingAdd(patience)
        while left.withLock({ $0 }) > 0 {
            let rest = end - SystemClock.monotonic()
            guard rest > 0 else { return }
            done.wait(milliseconds: Int32(clamping: rest / 1_000_000 + 1))
            done.take()
        }
    }

    /// Looks until it is stopped.
    func run() {
        while !isStopped.load(ordering: .acquiring) {
            look(now: SystemClock.monotonic(), unixSeconds: SystemClock.unixSeconds())
            wake.wait(milliseconds: Self.interval)
            wake.take()
        }
    }

    /// Takes what has come, and has what is due begin.
    func look(now: Nanoseconds, unixSeconds: Int64) {
        let answers = answers.withLock { answers in
            defer { answers = [] }
            return answers
        }
        for answer in answers {
            tell(answer.ring, answer.ring.receive(answer.result, unixSeconds: unixSeconds, now: now))
        }
        for ring in rings.withLock({ $0 }) {
            if let outcome = ring.readFile(unixSeconds: unixSeconds) { tell(ring, outcome) }
            ring.fetchIfDue(now: now)
        }
    }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        wake.wake()
    }

    private func tell(_ ring: KeyRing, _ outcome: KeyRing.Outcome) {
        metrics.add(.keyFetches, ring.issuer, outcome.label)
        switch outcome {
        case .unchanged(let recovered):
            guard recovered else { return }
            logger.notice("token keys can be read again", metadata: ["issuer": "\(ring.issuer)"])
        case .changed(let count, let skipped, let gone):
            if !gone.isEmpty {
                for inbox in inboxes { inbox.post(.keysGone(Set(gone))) }
            }
            logger.notice(
                "token keys read",
                metadata: [
                    "issuer": "\(ring.issuer)", "keys": "\(count)", "skipped": "\(skipped)", "gone": "\(gone.count)",
                ])
        case .failed(let reason, let isNews):
            guard isNews else { return }
            logger.error(
                ring.keys.isEmpty
                    ? "no token keys, tokens of this issuer are refused: \(reason)"
                    : "token keys cannot be read, those known so far stay: \(reason)",
                metadata: ["issuer": "\(ring.issuer)"])
        }
    }
}

extension KeyRing.Outcome {
    /// What the metrics call it.
    fileprivate var label: String {
        switch self {
        case .unchanged: "unchanged"
        case .changed: "changed"
        case .failed: "failed"
        }
    }
}
