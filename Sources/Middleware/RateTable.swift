internal import Locking
import PolicyModel

/// Token buckets by address, in bounded memory (set-associative): an address belongs to one set of eight, and where all eight
/// are taken the bucket that is nearest to full makes room, since forgetting that one gives the least away.
///
/// An attacker with many addresses can thus make the table forget, but neither make it grow nor make it slow. `Hasher`
/// is seeded for each process, so that nobody can choose addresses that share a set.
final class RateTable: Sendable {
    private struct Way {
        var address: IPAddress
        var fullAt: Int64
    }

    static let ways = 8

    private let bucket: TokenBucket
    // A set is allocated when its first address comes: an idle table costs a word a set.
    private let sets: Lock<[[Way]]>

    /// `capacity` addresses, rounded up to whole sets.
    init(bucket: TokenBucket, capacity: Int) {
        self.bucket = bucket
        sets = Lock(Array(repeating: [], count: max(1, (max(1, capacity) - 1) / Self.ways + 1)))
    }

    /// Takes one out of the address's bucket. `now` in nanoseconds.
    func take(_ address: IPAddress, now: Int64) -> TokenBucket.Outcome {
        var hasher = Hasher()
        hasher.combine(address)
        let hash = UInt(bitPattern: hasher.finalize())
        return sets.withLock { sets in
            let index = Int(hash % UInt(sets.count))
            let known = sets[index].firstIndex { $0.address == address }
            let outcome = bucket.take(fullAt: known.map { sets[index][$0].fullAt } ?? now, now: now)
            guard case .admitted(let fullAt) = outcome else { return outcome }
            let way = Way(address: address, fullAt: fullAt)
            if let known {
                sets[index][known] = way
            } else if sets[index].count < Self.ways {
                sets[index].append(way)
            } else if let fullest = sets[index].indices.min(by: { sets[index][$0].fullAt < sets[index][$1].fullAt }) {
                sets[index][fullest] = way
            }
            return outcome
        }
    }

    /// Addresses that are remembered.
    var count: Int { sets.withLock { $0.reduce(0) { $0 + $1.count } } }
}
