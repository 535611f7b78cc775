import PolicyModel

/// Token buckets by address, in bounded memory. Where it has to forget, the bucket that is nearest to full goes, since
/// forgetting that one gives the least away.
final class RateTable: Sendable {
    private let bucket: TokenBucket
    /// When each address's bucket is full again.
    private let addresses: AddressTable<Int64>

    init(bucket: TokenBucket, capacity: Int) {
        self.bucket = bucket
        addresses = AddressTable(capacity: capacity) { $0 }
    }

    /// Takes one out of the address's bucket. `now` in nanoseconds.
    func take(_ address: IPAddress, now: Int64) -> TokenBucket.Outcome {
        addresses.withValue(of: address) { fullAt in
            let outcome = bucket.take(fullAt: fullAt ?? now, now: now)
            if case .admitted(let next) = outcome { fullAt = next }
            return outcome
        }
    }

    /// How many may still come at once from an address whose bucket is full again at `fullAt`.
    func left(fullAt: Int64, now: Int64) -> Int64 { bucket.left(fullAt: fullAt, now: now) }

    /// Addresses that are remembered.
    var count: Int { addresses.count }
}
