import Middleware
import PolicyModel
import Testing
import WebSocketProtocol

@testable import Engine

@Suite struct WorkerMetricsTests {
    private let chat = PolicyNames(PolicyNamesTests.policy(routes: ["chat"]))
    private let feed = PolicyNames(PolicyNamesTests.policy(routes: ["feed"]))

    private func facts(_ route: String? = "chat") -> AuditFacts {
        var facts = AuditFacts(requestID: "r-1", listener: "public", policyVersion: "v1", client: .v4(1))
        facts.route = route
        return facts
    }

    private func opened() -> AuditFacts {
        var facts = facts()
        facts.open(now: 5_000_000, since: 0)
        return facts
    }

    private func closed() throws -> AuditFacts {
        var facts = facts()
        facts.close(try RelayedSession().relay, now: 1)
        return facts
    }

    private func counts(_ metrics: WorkerMetrics) throws -> Counts {
        metrics.copy(with: try Worker(), index: 3).counts
    }

    @Test("a connection is open between two records, and counted by each of them")
    func life() throws {
        let metrics = WorkerMetrics(names: chat)
        metrics.count(opened())
        metrics.count(opened())
        #expect(try counts(metrics)[.webSocketsOpen, "chat"] == 2)
        metrics.count(try closed())
        let counts = try counts(metrics)
        #expect(counts[.webSocketsOpen, "chat"] == 1 && counts[.connectionsOpened, "chat"] == 2)
        #expect(counts[.connectionsClosed, "chat", "1006", "draining", "gateway"] == 1)
        metrics.count(try closed())
        #expect(try self.counts(metrics)[.webSocketsOpen, "chat"] == nil)
    }

    @Test("a reload forgets the names that are gone; what is left of their connections goes on under one word")
    func reload() throws {
        let metrics = WorkerMetrics(names: chat)
        let terms = Fixtures.route(PolicyNamesTests.policy(routes: ["chat"]).routes[0].messages).terms
        let meter = try #require(metrics.meter(of: terms, route: "chat"))
        metrics.count(opened())
        meter.count(RuleHit(rule: 0, isShadow: false))
        #expect(try counts(metrics)[.ruleHits, "chat", "no-x", "enforce"] == 1)
        metrics.follow(feed)
        var counts = try counts(metrics)
        #expect(counts[.connectionsOpened, "chat"] == nil && counts[.connectionsOpened, "(removed)"] == nil)
        #expect(counts[.webSocketsOpen, "(removed)"] == 1)
        #expect(counts.numbers.keys.allSatisfy { $0.metric != .ruleHits })
        meter.count(RuleHit(rule: 0, isShadow: false))
        metrics.count(try closed())
        counts = try self.counts(metrics)
        #expect(counts[.webSocketsOpen, "(removed)"] == nil)
        #expect(counts[.connectionsClosed, "(removed)", "1006", "draining", "gateway"] == 1)
        #expect(counts[.ruleHits, "(removed)", "(removed)", "enforce"] == 1)
        // It comes back, and counts from none; what was counted without its name stays where it is.
        metrics.follow(chat)
        metrics.count(opened())
        meter.count(RuleHit(rule: 0, isShadow: false))
        counts = try self.counts(metrics)
        #expect(counts[.connectionsOpened, "chat"] == 1)
        #expect(counts[.ruleHits, "chat", "no-x", "enforce"] == 1)
        #expect(counts[.ruleHits, "(removed)", "(removed)", "enforce"] == 1)
    }

    @Test("one meter for all connections of a policy's route, none where it has no rules; gone with the last of them")
    func meters() throws {
        let metrics = WorkerMetrics(names: chat)
        let terms = Fixtures.route(PolicyNamesTests.policy(routes: ["chat"]).routes[0].messages).terms
        #expect(metrics.meter(of: Fixtures.route().terms, route: "chat") == nil)
        #expect(metrics.meter(of: terms, route: nil) == nil)
        weak var forgotten: RuleMeter?
        do {
            let meter = try #require(metrics.meter(of: terms, route: "chat"))
            #expect(metrics.meter(of: terms, route: "chat") === meter)
            forgotten = meter
            metrics.follow(chat)
            #expect(metrics.meter(of: terms, route: "chat") === meter)
        }
        #expect(forgotten != nil)
        metrics.follow(chat)
        #expect(forgotten == nil)
    }

    @Test("TLS and upstreams: how often, and how long it took")
    func peers() throws {
        let metrics = WorkerMetrics(names: chat)
        metrics.tlsCompleted(version: "1.3", isResumed: true, took: 3_000_000)
        metrics.tlsCompleted(version: "1.3", isResumed: false, took: 4_000_000)
        for failure in TLSFailure.allCases { metrics.tlsFailed(failure) }
        metrics.upstreamConnected("u", took: 1_000_000)
        metrics.upstreamUpgraded("u", took: 2_000_000)
        metrics.upstreamNotConnected("gone")
        let counts = try counts(metrics)
        #expect(counts[.tlsHandshakes, "1.3", "true"] == 1 && counts[.tlsHandshakes, "1.3", "false"] == 1)
        #expect(counts.histograms[Series(.tlsHandshakeSeconds, [])]?.sum == 7_000_000)
        for failure in TLSFailure.allCases { #expect(counts[.tlsFailures, failure.rawValue] == 1) }
        #expect(counts.histograms[Series(.upstreamConnectSeconds, ["u"])]?.sum == 1_000_000)
        #expect(counts.histograms[Series(.upstreamHandshakeSeconds, ["u"])]?.sum == 2_000_000)
        #expect(counts[.upstreamConnectFailures, "(removed)"] == 1)
    }

    @Test(
        "a copy has what the worker counts itself: what waits for its peers, and its wake-ups; each is newer than the last"
    )
    func copies() throws {
        let metrics = WorkerMetrics()
        let worker = try Worker()
        let (client, upstream) = (try Wire(worker), try socketPair())
        let dialled = try worker.channel(over: upstream.0, isConnecting: true, owner: Recorder())
        let far = Descriptor(owning: upstream.1)
        client.channel.append([1, 2, 3])
        dialled.append([1, 2, 3, 4, 5])
        let first = metrics.copy(with: worker, index: 3)
        #expect(first.counts[.queuedBytes, "to_client"] == 3 && first.counts[.queuedBytes, "to_upstream"] == 5)
        #expect(first.counts[.workerCPUSeconds, "3"] ?? 0 > 0)
        worker.resumeLater(client.channel)
        worker.turn()
        dialled.close()
        let second = metrics.copy(with: worker, index: 3)
        #expect(second.number > first.number)
        #expect(second.counts[.queuedBytes, "to_client"] == 0 && second.counts[.queuedBytes, "to_upstream"] == 0)
        #expect(second.counts.histograms[Series(.eventLoopLagSeconds, [])]?.cumulative.last == 1)
        _ = far
    }
}
