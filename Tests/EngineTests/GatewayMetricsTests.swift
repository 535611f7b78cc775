import PolicyModel
import Testing

@testable import Engine

@Suite struct GatewayMetricsTests {
    @Test("reloads by what came of them, with when and how the last one ended; counted from the start, at none")
    func reloads() {
        let metrics = GatewayMetrics()
        var counts = metrics.counts
        #expect(counts[.policyReloads, "success"] == 0 && counts[.policyReloads, "failure"] == 0)
        #expect(counts[.policyLastReloadSuccess] == 1)
        #expect(counts[.policyLastReload] == metrics.startedAt * 1_000_000)
        metrics.reloaded(.refused(["no"]))
        counts = metrics.counts
        #expect(counts[.policyReloads, "failure"] == 1 && counts[.policyLastReloadSuccess] == 0)
        metrics.reloaded(.inForce(version: "v2"))
        counts = metrics.counts
        #expect(counts[.policyReloads, "success"] == 1 && counts[.policyLastReloadSuccess] == 1)
        #expect(counts[.policyLastReload] ?? 0 >= metrics.startedAt * 1_000_000)
    }

    @Test("events of other threads, until the policy no longer has their name")
    func events() {
        let metrics = GatewayMetrics()
        metrics.add(.keyFetches, "corporate", "failed")
        metrics.add(.tokenUses, "exhausted")
        metrics.add(.tokenUses, "exhausted")
        #expect(metrics.counts[.keyFetches, "corporate", "failed"] == 1)
        metrics.follow(PolicyNames())
        #expect(metrics.counts[.keyFetches, "corporate", "failed"] == nil)
        #expect(metrics.counts[.tokenUses, "exhausted"] == 2)
    }

    @Test("who is dropped at the door; whether the store can be read")
    func doorAndStore() {
        let metrics = GatewayMetrics()
        var facts = AuditFacts(requestID: "r-1", listener: "public", policyVersion: "v1", client: .v4(1))
        facts.drop(.ipDenied)
        metrics.count(facts)
        #expect(metrics.counts[.refusals, "", "ip-denied"] == 1)
        #expect(metrics.counts[.tokenStoreAvailable] == 1)
        metrics.storeIsAvailable(false)
        #expect(metrics.counts[.tokenStoreAvailable] == 0)
    }
}
