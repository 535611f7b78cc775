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

    mutating func give(_ buffer: consuming [UInt8]) {
        guard free.count < Self.kept, buffer.capacity > 0, buffer.capacity <= Self.keptCapacity else { return }
        buffer.removeAll(keepingCapacity: true)
        free.append(buffer)
    }
}
