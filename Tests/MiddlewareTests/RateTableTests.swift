import PolicyModel
import Testing

@testable import Middleware

@Suite struct RateTableTests {
    private let second: Int64 = 1_000_000_000

    @Test("each address has a bucket of its own")
    func buckets() {
        let table = RateTable(
            bucket: TokenBucket(rate: Rate(count: 1, period: .seconds(1)), burst: 2), capacity: 64)
        for address in [IPAddress.v4(1), .v4(2), .v6(1)] {
            #expect(table.take(address, now: 0) == .admitted(fullAt: second))
            #expect(table.take(address, now: 0) == .admitted(fullAt: 2 * second))
            #expect(table.take(address, now: 0) == .refused(retryAfter: second))
            #expect(table.take(address, now: second) == .admitted(fullAt: 3 * second))
        }
    }

    @Test("H29 100,000 addresses: the table stays at its capacity", arguments: [1, 8, 1000])
    func bounded(_ capacity: Int) {
        let table = RateTable(
            bucket: TokenBucket(rate: Rate(count: 1, period: .seconds(1)), burst: 1), capacity: capacity)
        for address in 0..<100_000 { _ = table.take(.v4(UInt32(address)), now: Int64(address)) }
        #expect(table.count <= (capacity + 7) / 8 * 8)
        #expect(table.count >= min(capacity, 8))
    }

    @Test("H29 where a set is full, the bucket nearest to full makes room, and a busy one stays")
    func replacement() {
        let table = RateTable(
            bucket: TokenBucket(rate: Rate(count: 1, period: .seconds(1)), burst: 10), capacity: 8)
        // Address 0 owes ten, the others one.
        for _ in 0..<10 { _ = table.take(.v4(0), now: 0) }
        for address in 1..<1000 { _ = table.take(.v4(UInt32(address)), now: 0) }
        #expect(table.take(.v4(0), now: 0) == .refused(retryAfter: second))
    }
}
