internal import Locking
import PolicyModel

/// What is remembered of addresses, in bounded memory (set-associative): an address belongs to one set of eight, and where all
/// eight are taken the one that matters least makes room.
///
/// An attacker with many addresses can thus make the table forget, but neither make it grow nor make it slow. `Hasher`
/// is seeded for each process, so that nobody can choose addresses that share a set.
final class AddressTable<Value: Sendable>: Sendable {
    private struct Way {
        var address: IPAddress
        var value: Value
    }

    private static var ways: Int { 8 }

    /// How much a value matters: where there is no room, the least goes.
    private let weight: @Sendable (Value) -> Int64
    // A set is allocated when its first address comes: an idle table costs a word a set.
    private let sets: Lock<[[Way]]>

    /// `capacity` addresses, rounded up to whole sets.
    init(capacity: Int, weight: @escaping @Sendable (Value) -> Int64) {
        self.weight = weight
        sets = Lock(Array(repeating: [], count: max(1, (max(1, capacity) - 1) / Self.ways + 1)))
    }

    /// Lends what is remembered of an address, nil where that is nothing. What `body` leaves there is kept.
    func withValue<Result>(of address: IPAddress, _ body: (inout Value?) -> Result) -> Result {
        var hasher = Hasher()
        hasher.combine(address)
        let hash = UInt(bitPattern: hasher.finalize())
        return sets.withLock { sets in
            let index = Int(hash % UInt(sets.count))
            let known = sets[index].firstIndex { $0.address == address }
            var value = known.map { sets[index][$0].value }
            let result = body(&value)
            keep(value, of: address, at: known, in: &sets[index])
            return result
        }
    }

    private func keep(_ value: Value?, of address: IPAddress, at known: Int?, in set: inout [Way]) {
        guard let value else {
            if let known { set.remove(at: known) }
            return
        }
        let way = Way(address: address, value: value)
        if let known {
            set[known] = way
        } else if set.count < Self.ways {
            set.append(way)
        } else if let least = set.indices.min(by: { weight(set[$0].value) < weight(set[$1].value) }) {
            set[least] = way
        }
    }

    /// Addresses that are remembered.
    var count: Int { sets.withLock { $0.reduce(0) { $0 + $1.count } } }
}
