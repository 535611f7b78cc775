internal import Locking
import PolicyModel

/// What is remembered of addresses, in bounded memory: see ``BoundedTable``. Safe to use from any thread.
final class AddressTable<Value: Sendable>: Sendable {
    private let table: Lock<BoundedTable<IPAddress, Value>>

    /// `capacity` addresses; where there is no room, the one goes whose value has the least `weight`.
    init(capacity: Int, weight: @escaping @Sendable (Value) -> Int64) {
        table = Lock(BoundedTable(capacity: capacity, weight: weight))
    }

    /// Lends what is remembered of an address, nil where that is nothing. What `body` leaves there is kept.
    func withValue<Result>(of address: IPAddress, _ body: (inout Value?) -> Result) -> Result {
        table.withLock { $0.withValue(of: address, body) }
    }

    /// Addresses that are remembered.
    var count: Int { table.withLock { $0.count } }
}
