/// Values by key in bounded memory (set-associative): a key belongs to one set of eight, and where all eight are taken the value
/// that matters least makes room.
///
/// An attacker with many keys can thus make the table forget, but neither make it grow nor make it slow. `Hasher` is seeded for
/// each process, so that nobody can choose keys that share a set.
struct BoundedTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Way {
        var key: Key
        var value: Value
    }

    private static var ways: Int { 8 }

    /// How much a value matters: where there is no room, the least goes.
    private let weight: @Sendable (Value) -> Int64
    // A set is allocated when its first key comes: an idle table costs a word a set.
    private var sets: [[Way]]

    /// `capacity` keys, rounded up to whole sets.
    init(capacity: Int, weight: @escaping @Sendable (Value) -> Int64) {
        self.weight = weight
        sets = Array(repeating: [], count: max(1, (max(1, capacity) - 1) / Self.ways + 1))
    }

    /// Lends what is remembered of a key, nil where that is nothing. What `body` leaves there is kept.
    mutating func withValue<Result>(of key: Key, _ body: (inout Value?) -> Result) -> Result {
        let index = set(of: key)
        let known = sets[index].firstIndex { $0.key == key }
        var value = known.map { sets[index][$0].value }
        let result = body(&value)
        keep(value, of: key, at: known, in: index)
        return result
    }

    /// Gives what is remembered of a key, and forgets it.
    mutating func remove(_ key: Key) -> Value? {
        let index = set(of: key)
        guard let known = sets[index].firstIndex(where: { $0.key == key }) else { return nil }
        return sets[index].remove(at: known).value
    }

    /// Remembers the value of a key of which nothing is remembered, unless all that it could take the place of matters more.
    mutating func add(_ value: Value, of key: Key) {
        let index = set(of: key)
        if let place = lightest(in: index), weight(sets[index][place].value) > weight(value) { return }
        keep(value, of: key, at: nil, in: index)
    }

    private func set(of key: Key) -> Int {
        var hasher = Hasher()
        hasher.combine(key)
        return Int(UInt(bitPattern: hasher.finalize()) % UInt(sets.count))
    }

    private mutating func keep(_ value: Value?, of key: Key, at known: Int?, in index: Int) {
        guard let value else {
            if let known { sets[index].remove(at: known) }
            return
        }
        let way = Way(key: key, value: value)
        if let place = known ?? lightest(in: index) {
            sets[index][place] = way
        } else {
            sets[index].append(way)
        }
    }

    /// Who makes room; nil where there is some.
    private func lightest(in index: Int) -> Int? {
        let set = sets[index]
        guard set.count == Self.ways else { return nil }
        return set.indices.min { weight(set[$0].value) < weight(set[$1].value) }
    }

    /// Keys that are remembered.
    var count: Int { sets.reduce(0) { $0 + $1.count } }
}
