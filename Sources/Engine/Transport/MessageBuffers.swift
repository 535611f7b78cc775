/// Arrays for messages that are being assembled, lent and taken back, so that the steady state allocates nothing and an
/// idle connection holds nothing.
struct MessageBuffers {
    private var free: [[UInt8]] = []
    private static let kept = 64
    /// A larger one is not kept.
    private static let keptCapacity = 256 * 1024

    mutating func take() -> [UInt8] {
        free.popLast() ?? []
    }

    /// Takes `buffer` over and leaves an empty one, so that nobody else holds it: one that is shared would be copied
    /// rather than emptied.
    mutating func give(_ buffer: inout [UInt8]) {
        var taken: [UInt8] = []
        swap(&taken, &buffer)
        guard free.count < Self.kept, taken.capacity > 0, taken.capacity <= Self.keptCapacity else { return }
        taken.removeAll(keepingCapacity: true)
        free.append(taken)
    }
}
