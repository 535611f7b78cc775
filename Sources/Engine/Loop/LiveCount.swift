import Synchronization

/// How many there are of something, counted from several threads: of what lives, or, where nothing is ever removed, of
/// what there has ever been.
final class LiveCount: Sendable {
    private let count = Atomic<Int>(0)

    /// Gives the count with the new one.
    @discardableResult
    func add() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }

    func remove() { count.wrappingSubtract(1, ordering: .relaxed) }

    var value: Int { count.load(ordering: .relaxed) }
}
