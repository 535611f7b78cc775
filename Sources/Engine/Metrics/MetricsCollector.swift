internal import Crypto
internal import Locking
internal import PolicyModel

/// Adds up, for a scrape, what has been counted everywhere.
final class MetricsCollector: Sendable {
    /// Series that are written at most; what is beyond is written as ``Series/overflow``. A histogram, which has many lines,
    /// counts as one.
    static let maximumSeries = 10_000
    /// How long a worker may take to answer, in milliseconds.
    private static let patience: Int32 = 1000

    private struct Kept {
        /// The last copy of each worker.
        var workers: [WorkerCounts?]
        /// Series that have a place of their own, as long as the policy has their names.
        var placed: Set<Series> = []
    }

    private let shared: GatewayMetrics
    private let audit: AuditLog?
    private let process = ProcessFigures()
    private let kept: Lock<Kept>
    private let maximumSeries: Int

    init(_ shared: GatewayMetrics, audit: AuditLog?, workers: Int, maximumSeries: Int = maximumSeries) {
        self.shared = shared
        self.audit = audit
        self.maximumSeries = maximumSeries
        kept = Lock(Kept(workers: Array(repeating: nil, count: workers)))
    }

    /// Everything, under the names of `policy`. Of a worker that does not answer in time the last copy counts, so that no
    /// counter goes back.
    func collect(_ policy: PolicyInForce, from workers: Workers) -> Counts {
        let answers = (try? workers.ask(patience: Self.patience) { $0.metricsCopy() }) ?? []
        var all = Counts()
        for copy in keep(answers) { all.add(copy.counts) }
        all.add(shared.counts)
        all.keep(policy.runtime.names)
        all.add(.workers, count: Int64(workers.inboxes.count))
        all.add(.workersAnswered, count: Int64(answers.count { $0 != nil }))
        all.add(.draining, count: workers.inboxes.allSatisfy(\.isAdmitting) ? 0 : 1)
        addProcess(to: &all)
        Self.add(policy, to: &all)
        return bounded(all, policy.runtime.names)
    }

    private func keep(_ answers: [WorkerCounts?]) -> [WorkerCounts] {
        kept.withLock { kept in
            for (index, answer) in answers.enumerated() {
                guard let answer, index < kept.workers.count else { continue }
                // Two scrapes at once may come here in another order than they asked.
                if answer.number > kept.workers[index]?.number ?? 0 { kept.workers[index] = answer }
            }
            return kept.workers.compactMap(\.self)
        }
    }

    private func addProcess(to counts: inout Counts) {
        process.add(to: &counts)
        counts.add(.startTime, count: shared.startedAt * 1_000_000)
        counts.add(.auditRecordsLost, count: audit?.recordsLost ?? 0)
        counts.add(.buildInfo, Release.version)
    }

    /// What the policy in force is, and a series for each thing in it, also for what has never happened: who watches a counter
    /// sees its first step only where it was there before.
    private static func add(_ policy: PolicyInForce, to counts: inout Counts) {
        let runtime = policy.runtime
        counts.add(.policyInfo, runtime.policyVersion)
        counts.add(.policySince, count: policy.sinceUnixMilliseconds * 1_000_000)
        counts.add(.memoryCeiling, count: Int64(MemoryCeiling.bytes(runtime.limits.memory)))
        for listener in runtime.listeners {
            let name = listener.policy.name
            counts.add(.connectionsOpen, name, count: Int64(listener.connections.value))
            counts.add(.connectionsAccepted, name, count: Int64(listener.accepted.value))
            for (certificate, end) in listener.tls.certificateEnds {
                counts.add(.certificateExpiry, name, certificate, count: end)
            }
        }
        for route in runtime.routes {
            counts.add(.webSocketsOpen, route.policy.name, count: 0)
            counts.add(.connectionsOpened, route.policy.name, count: 0)
            for rule in route.policy.messages {
                counts.add(.ruleHits, route.policy.name, rule.name, rule.mode.rawValue, count: 0)
            }
            for rate in route.policy.rates {
                counts.add(.rateHits, route.policy.name, rate.name, rate.mode.rawValue, count: 0)
            }
        }
    }

    /// What there is one of for each rule and each rate of the policy, whether it has ever acted or not: these have half of all
    /// places at most, so that a policy of many rules leaves the others theirs.
    private static func isOfRule(_ series: Series) -> Bool {
        series.metric == .ruleHits || series.metric == .rateHits
    }

    /// Who has come first stays, and all others of a metric are one.
    private func bounded(_ counts: Counts, _ names: PolicyNames) -> Counts {
        let all = Array(counts.numbers.keys) + Array(counts.histograms.keys)
        let placed = kept.withLock { kept in
            kept.placed = kept.placed.filter(names.holds)
            // Those with few labels, of which there are few, come before those with many.
            let new = all.filter { !kept.placed.contains($0) }.sorted { $0.labels.count < $1.labels.count }
            var roomForRules = maximumSeries / 2 - kept.placed.count(where: Self.isOfRule)
            for series in new where kept.placed.count < maximumSeries {
                if Self.isOfRule(series) {
                    guard roomForRules > 0 else { continue }
                    roomForRules -= 1
                }
                kept.placed.insert(series)
            }
            return kept.placed
        }
        return counts.mapped { placed.contains($0) ? $0 : $0.folded }
    }
}
