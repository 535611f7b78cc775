import PolicyModel

/// How often the tokens of an address did not hold, and who is locked out for it, in bounded memory.
final class TokenFailures: Sendable {
    private struct Record: Sendable {
        /// When all of the address's failures are forgotten.
        var fullAt: Int64
        /// Until when it is locked out; in the past for one that is not.
        var blockedUntil: Int64
    }

    private let bucket: TokenBucket
    private let block: Int64
    private let ipv6Prefix: Int
    private let addresses: AddressTable<Record>

    init(_ settings: FailureSettings, capacity: Int) {
        bucket = TokenBucket(rate: settings.rate, burst: settings.rate.count)
        block = Rate(count: 1, period: settings.block).intervalNanoseconds
        ipv6Prefix = settings.ipv6Prefix
        addresses = AddressTable(capacity: capacity) { max($0.fullAt, $0.blockedUntil) }
    }

    /// For how many nanoseconds more an address is locked out; nil for one that is not. `now` in nanoseconds.
    func remainingBlock(of address: IPAddress, now: Int64) -> Int64? {
        addresses.withValue(of: address.network(ipv6Prefix: ipv6Prefix)) { record in
            guard let blockedUntil = record?.blockedUntil, blockedUntil > now else { return nil }
            return blockedUntil - now
        }
    }

    /// One more failure. The last one that the rate allows locks out, and what led to it is forgotten: it is paid for.
    func count(_ address: IPAddress, now: Int64) {
        addresses.withValue(of: address.network(ipv6Prefix: ipv6Prefix)) { record in
            if case .admitted(let fullAt) = bucket.take(fullAt: record?.fullAt ?? now, now: now),
                case .admitted = bucket.take(fullAt: fullAt, now: now)
            {
                record = Record(fullAt: fullAt, blockedUntil: now)
            } else {
                let (end, overflow) = now.addingReportingOverflow(block)
                record = Record(fullAt: now, blockedUntil: overflow ? .max : end)
            }
        }
    }

    /// Addresses that are remembered.
    var count: Int { addresses.count }
}
