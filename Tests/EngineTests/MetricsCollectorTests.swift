import Middleware
import PolicyModel
import Testing
import Tokens

@testable import Engine

@Suite(.timeLimit(.minutes(1))) struct MetricsCollectorTests {
    private let policies: Policies
    private let policy: PolicyInForce

    init() throws {
        policies = try Policies()
        policy = PolicyInForce(
            runtime: try policies.runtime(try policies.policy()), sinceUnixMilliseconds: 1_700_000_000_123)
    }

    /// A worker that runs, and counts under the names of the policy.
    private func running(_ host: Host) throws -> WorkerThread {
        host.sessions.metrics.follow(policy.runtime.names)
        nonisolated(unsafe) let sessions = host.sessions
        return try WorkerThread("worker") { try? unsafe sessions.run() }
    }

    private func refused() -> AuditFacts {
        var facts = AuditFacts(requestID: "r-1", listener: "public", policyVersion: "v1", client: .v4(1))
        facts.route = "chat"
        facts.refuse(Refusal(.tokenMissing), now: 1, since: 0)
        return facts
    }

    @Test("workers and door add up; of a worker that no longer answers the last copy counts")
    func merging() throws {
        let hosts = [try Host(), try Host()]
        let workers = Workers(inboxes: hosts.map(\.inbox))
        let shared = GatewayMetrics()
        let collector = MetricsCollector(shared, audit: nil, workers: 2)
        let first = try running(hosts[0])
        let second = try running(hosts[1])
        shared.count(refused())
        let told = refused()
        for _ in 0..<2 { _ = try workers.ask { $0.metrics.count(told) } }
        shared.follow(policy.runtime.names)
        var counts = collector.collect(policy, from: workers)
        #expect(counts[.refusals, "chat", "token-missing"] == 4)
        #expect(counts[.workers] == 2 && counts[.workersAnswered] == 2)
        hosts[0].inbox.post(.perform { $0.worker.stop() })
        first.join()
        _ = try workers.ask(patience: 300) { $0.metrics.count(told) }
        counts = collector.collect(policy, from: workers)
        #expect(counts[.refusals, "chat", "token-missing"] == 5)
        #expect(counts[.workers] == 2 && counts[.workersAnswered] == 1)
        hosts[1].inbox.post(.perform { $0.worker.stop() })
        second.join()
    }

    @Test("what is in the policy has its series before anything has happened")
    func policyInForce() throws {
        let inbox = try Inbox()
        let collector = MetricsCollector(GatewayMetrics(), audit: nil, workers: 0)
        var counts = collector.collect(policy, from: Workers(inboxes: []))
        #expect(counts[.policyInfo, "v1"] == 1 && counts[.policySince] == 1_700_000_000_123_000_000)
        #expect(counts[.connectionsOpen, "public"] == 0 && counts[.connectionsAccepted, "public"] == 0)
        #expect(counts[.webSocketsOpen, "chat"] == 0 && counts[.connectionsOpened, "chat"] == 0)
        #expect(counts[.certificateExpiry, "public", "localhost"] ?? 0 > SystemClock.unixSeconds())
        #expect(counts[.memoryCeiling] ?? 0 > 0 && counts[.draining] == 0 && counts[.auditRecordsLost] == 0)
        #expect(counts[.buildInfo, Release.version] == 1)
        let listener = try #require(policy.runtime.listeners.first)
        _ = listener.connections.add()
        _ = listener.accepted.add()
        inbox.stopAdmitting()
        counts = collector.collect(policy, from: Workers(inboxes: [inbox]))
        #expect(counts[.connectionsOpen, "public"] == 1 && counts[.connectionsAccepted, "public"] == 1)
        #expect(counts[.draining] == 1)
    }

    @Test("beyond so many series a metric has one for all others, and who had a place of its own keeps it")
    func bound() throws {
        let shared = GatewayMetrics()
        let workers = Workers(inboxes: [])
        let few = MetricsCollector(shared, audit: nil, workers: 0).collect(policy, from: workers).numbers.count
        let collector = MetricsCollector(shared, audit: nil, workers: 0, maximumSeries: few + 2)
        shared.add(.refusals, "", "a")
        shared.add(.refusals, "", "b")
        _ = collector.collect(policy, from: workers)
        for reason in ["a", "b", "c", "d", "e"] { shared.add(.refusals, "", reason) }
        let counts = collector.collect(policy, from: workers)
        #expect(counts[.refusals, "", "a"] == 2 && counts[.refusals, "", "b"] == 2)
        #expect(counts[.refusals, "(overflow)", "(overflow)"] == 3)
        #expect(counts.numbers.count == few + 3)
    }

    @Test("rules, however many, have half of the places at most")
    func boundOfRules() throws {
        let shared = GatewayMetrics()
        let workers = Workers(inboxes: [])
        let few = MetricsCollector(shared, audit: nil, workers: 0).collect(policy, from: workers).numbers.count
        let collector = MetricsCollector(shared, audit: nil, workers: 0, maximumSeries: 2 * few + 2)
        for number in 0..<(3 * few) { shared.add(.ruleHits, "", "", "\(number)") }
        _ = collector.collect(policy, from: workers)
        shared.add(.refusals, "", "a")
        let counts = collector.collect(policy, from: workers)
        #expect(counts[.refusals, "", "a"] == 1)
        #expect(counts[.ruleHits, "(overflow)", "(overflow)", "(overflow)"] ?? 0 > 0)
        let rules = counts.numbers.keys.count { $0.metric == .ruleHits || $0.metric == .rateHits }
        // With those that have no room, one of each metric.
        #expect((few + 2...few + 3).contains(rules))
    }
}
