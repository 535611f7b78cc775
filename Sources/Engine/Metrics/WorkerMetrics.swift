internal import Crypto
internal import Middleware

/// What one worker has counted, on its own thread: no lock, and nothing that is shared.
final class WorkerMetrics {
    private var counts = Counts()
    /// Connections that are open, by their route as it was called when they came.
    private var open: [String: Int64] = [:]
    /// Of connections that live, and of those that have gone since the policy last changed.
    private var meters: [ObjectIdentifier: RuleMeter] = [:]
    private var names: PolicyNames
    private var copies = 0

    /// Counts under these names.
    init(names: PolicyNames = PolicyNames()) {
        self.names = names
    }

    /// Another policy is in force. What bears a name that it does not have is forgotten; what happens to connections of that
    /// name from now on is counted as ``PolicyNames/removed``.
    func follow(_ names: PolicyNames) {
        for id in Array(meters.keys) {
            guard var meter = meters.removeValue(forKey: id) else { continue }
            meter.add(to: &counts, self.names)
            meter.reset()
            // Nobody else keeps it where its last connection has gone, or it never had one.
            if !isKnownUniquelyReferenced(&meter) { meters[id] = meter }
        }
        counts.keep(names)
        self.names = names
    }

    /// Where a connection of the route counts what its rules and rates do; nil where it has neither.
    func meter(of terms: RelayTerms, route: String?) -> RuleMeter? {
        guard let route, terms.rules.count + terms.rates.count > 0 else { return nil }
        let id = ObjectIdentifier(terms)
        if let known = meters[id] { return known }
        let meter = RuleMeter(terms, route: route)
        meters[id] = meter
        return meter
    }

    // MARK: - What happens

    /// What the audit log is told is counted, so that the two never disagree.
    func count(_ facts: AuditFacts) {
        counts.count(facts, names)
        guard let route = facts.route else { return }
        switch facts.event {
        case .opened: open[route, default: 0] += 1
        case .closed: open[route] = open[route].flatMap { $0 > 1 ? $0 - 1 : nil }
        case .refused, .ticket, .message: break
        }
    }

    /// A client's TLS handshake is complete, so long after its connection came.
    func tlsCompleted(version: String, isResumed: Bool, took time: Nanoseconds) {
        counts.add(.tlsHandshakes, version, isResumed ? "true" : "false")
        counts.time(.tlsHandshakeSeconds, took: time)
    }

    func tlsFailed(_ failure: TLSFailure) { counts.add(.tlsFailures, failure.rawValue) }

    /// An address of the upstream has taken a connection.
    func upstreamConnected(_ upstream: String, took time: Nanoseconds) {
        counts.time(.upstreamConnectSeconds, names.label(ofUpstream: upstream), took: time)
    }

    /// An address of the upstream has taken none; the next one is tried where there is one.
    func upstreamNotConnected(_ upstream: String) {
        counts.add(.upstreamConnectFailures, names.label(ofUpstream: upstream))
    }

    /// The upstream has answered an upgrade request with a 101 that holds.
    func upstreamUpgraded(_ upstream: String, took time: Nanoseconds) {
        counts.time(.upstreamHandshakeSeconds, names.label(ofUpstream: upstream), took: time)
    }

    // MARK: - What a scrape gets

    /// All of it, and what `worker` has counted itself.
    func copy(with worker: Worker, index: Int) -> WorkerCounts {
        copies += 1
        var all = counts
        for meter in meters.values { meter.add(to: &all, names) }
        for (route, count) in open { all.add(.webSocketsOpen, names.label(ofRoute: route), count: count) }
        all.add(worker.traffic.counts)
        all.add(Series(.eventLoopLagSeconds, []), worker.lag)
        all.add(.queuedBytes, "to_client", count: Int64(worker.waiting.toClients))
        all.add(.queuedBytes, "to_upstream", count: Int64(worker.waiting.toUpstreams))
        all.add(.workerCPUSeconds, String(index), count: SystemClock.threadTime())
        return WorkerCounts(number: copies, counts: all)
    }
}

/// A copy of what a worker had counted.
struct WorkerCounts: Sendable {
    /// Of two of one worker, the one with the higher number is the later one.
    let number: Int
    let counts: Counts
}

/// Why a client's TLS handshake has come to nothing.
enum TLSFailure: String, CaseIterable {
    /// The client speaks no TLS, or none that the listener does.
    case protocolError = "protocol"
    case certificateMissing = "certificate-missing"
    case certificateInvalid = "certificate-invalid"
    case timeout
    /// The client has gone in the middle of it, or before its first byte.
    case lost

    /// By what was wrong with the client's certificate, if it was that.
    init(_ certificate: CryptoError.PeerCertificate?) {
        switch certificate {
        case .missing: self = .certificateMissing
        case .invalid: self = .certificateInvalid
        case nil: self = .protocolError
        }
    }
}
