internal import Locking

/// What is counted where no worker is: at the door, at reloads, at calls to other services. It happens seldom enough for a lock.
final class GatewayMetrics: Sendable {
    private struct State {
        var counts = Counts()
        var names = PolicyNames()
        var lastReload: Int64
        var hasReloaded = true
        var isStoreAvailable = true
    }

    /// Milliseconds since 1970.
    let startedAt: Int64
    private let state: Lock<State>

    /// Nothing is counted yet; the gateway starts now.
    init() {
        startedAt = SystemClock.unixMilliseconds()
        var state = State(lastReload: startedAt)
        for result in ReloadResult.allCases { state.counts.add(.policyReloads, result.rawValue, count: 0) }
        state.counts.add(.acceptPauses, count: 0)
        self.state = Lock(state)
    }

    /// Another policy is in force: what bears a name that it does not have is forgotten.
    func follow(_ names: PolicyNames) {
        state.withLock { state in
            state.counts.keep(names)
            state.names = names
        }
    }

    /// What an audit record that no worker has written counts for.
    func count(_ facts: AuditFacts) { state.withLock { $0.counts.count(facts, $0.names) } }

    /// Something has happened once.
    func add(_ metric: Metric, _ labels: String...) {
        let series = Series(metric, labels)
        state.withLock { $0.counts.add(series, 1) }
    }

    /// A reload has come to its end.
    func reloaded(_ outcome: ReloadOutcome) {
        let now = SystemClock.unixMilliseconds()
        let result: ReloadResult = if case .inForce = outcome { .success } else { .failure }
        state.withLock { state in
            state.counts.add(.policyReloads, result.rawValue)
            state.lastReload = now
            state.hasReloaded = result == .success
        }
    }

    /// The token store can be read, or it cannot.
    func storeIsAvailable(_ isAvailable: Bool) { state.withLock { $0.isStoreAvailable = isAvailable } }

    /// All of it.
    var counts: Counts {
        let state = state.withLock { $0 }
        var counts = state.counts
        counts.add(.policyLastReload, count: state.lastReload * 1_000_000)
        counts.add(.policyLastReloadSuccess, count: state.hasReloaded ? 1 : 0)
        counts.add(.tokenStoreAvailable, count: state.isStoreAvailable ? 1 : 0)
        return counts
    }

    private enum ReloadResult: String, CaseIterable {
        case success
        case failure
    }
}
