import Dispatch
import PolicyModel
import Synchronization
import Testing

@testable import Middleware

@Suite struct RateLedgerTests {
    private let second: Int64 = 1_000_000_000
    private let rule = TokenBucket(rate: Rate(count: 1, period: .seconds(1)), burst: 3)

    private func key(_ number: Int) -> RateKey { .address(.v4(UInt32(number))) }

    /// A connection that takes so much, also into debt, and goes.
    private func visit(_ ledger: RateLedger, _ number: Int, cost: Int, now: Int64 = 0) {
        withExtendedLifetime(ledger.lease(key(number))) { _ = $0.bucket.charge(cost, by: rule, now: now) }
    }

    @Test("live connections of one key share a bucket, those of another do not")
    func sharing() {
        let ledger = RateLedger(capacity: 64)
        let (first, second, other) = (ledger.lease(key(1)), ledger.lease(key(1)), ledger.lease(key(2)))
        withExtendedLifetime((first, second, other)) {
            #expect(first.bucket === second.bucket)
            #expect(first.bucket !== other.bucket)
            #expect(ledger.count == (2, 0))
        }
    }

    @Test("who comes again goes on with what was left")
    func returning() {
        let ledger = RateLedger(capacity: 64)
        var allowed = 0
        for _ in 0..<10 {
            withExtendedLifetime(ledger.lease(key(1))) { if $0.bucket.take(1, by: rule, now: 0) { allowed += 1 } }
        }
        #expect(allowed == 3)
        #expect(ledger.count == (0, 1))
        let lease = ledger.lease(key(1))
        #expect(ledger.count == (1, 0))
        withExtendedLifetime(lease) {
            #expect(!lease.bucket.take(1, by: rule, now: second - 1))
            #expect(lease.bucket.take(1, by: rule, now: second))
        }
    }

    @Test("a bucket stays as long as any connection has it")
    func holding() {
        let ledger = RateLedger(capacity: 8)
        var leases = [ledger.lease(key(1)), ledger.lease(key(1))]
        defer { withExtendedLifetime(leases) {} }
        #expect(leases[0].bucket.charge(5, by: rule, now: 0) == 5 * second)
        leases.removeFirst()
        #expect(ledger.count == (1, 0))
        // Others come and go, more than are remembered.
        for number in 2..<200 { visit(ledger, number, cost: 100) }
        #expect(ledger.lease(key(1)).bucket.fullAt == 5 * second)
        leases.removeAll()
        #expect(ledger.count.live == 0)
    }

    @Test("a bucket out of which nobody has taken is not remembered")
    func untouched() {
        let ledger = RateLedger(capacity: 64)
        for number in 0..<100 { _ = ledger.lease(key(number)) }
        #expect(ledger.count == (0, 0))
    }

    @Test("H29 100,000 keys that are gone: as many are remembered as may be", arguments: [1, 8, 1000])
    func bounded(_ capacity: Int) {
        let ledger = RateLedger(capacity: capacity)
        for number in 0..<100_000 { visit(ledger, number, cost: 1, now: Int64(number)) }
        #expect(ledger.count.live == 0)
        #expect(ledger.count.left <= (capacity + 7) / 8 * 8)
        #expect(ledger.count.left >= min(capacity, 8))
    }

    @Test("the bucket that owes most is remembered, whoever comes and goes after it")
    func forgetting() {
        let ledger = RateLedger(capacity: 8)
        visit(ledger, 0, cost: 10)
        for number in 1..<1000 { visit(ledger, number, cost: 2) }
        #expect(ledger.lease(key(0)).bucket.fullAt == 10 * second)
    }

    @Test("subjects are told apart, and by their issuers")
    func subjects() {
        let keys = [
            RateKey(subject: "alice", issuer: "local"), RateKey(subject: "bob", issuer: "local"),
            RateKey(subject: "alice", issuer: "corporate"), RateKey(subject: "alice", issuer: ""),
            RateKey(subject: "", issuer: "alice"), RateKey(subject: "ocal", issuer: "alicel"),
        ]
        #expect(Set(keys).count == keys.count)
        #expect(keys[0] == RateKey(subject: "alice", issuer: "local"))
        #expect(keys.allSatisfy { if case .subject(let one, let other) = $0 { one != other } else { false } })
    }

    @Test("threads that take at once get no more than there is, and lose nothing")
    func threads() {
        let ledger = RateLedger(capacity: 64)
        let key = key(7)
        let taken = Atomic(0)
        let rule = TokenBucket(rate: Rate(count: 1, period: .seconds(1)), burst: 1000)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            // Each opens and closes as it goes on.
            for _ in 0..<100 {
                withExtendedLifetime(ledger.lease(key)) { lease in
                    for _ in 0..<5 where lease.bucket.take(1, by: rule, now: 0) { taken.add(1, ordering: .relaxed) }
                }
            }
        }
        #expect(taken.load(ordering: .relaxed) == 1000)
        withExtendedLifetime(ledger.lease(key)) { lease in
            DispatchQueue.concurrentPerform(iterations: 4) { _ in
                for _ in 0..<50_000 { _ = lease.bucket.charge(1, by: rule, now: 0) }
            }
            #expect(lease.bucket.fullAt == 201_000 * second)
        }
    }
}
