/// Memory for queues, in powers of two, kept by one worker for its connections so that the steady state allocates nothing.
@safe final class BufferPool {
    static let smallest = 4096
    private static let classes = 20
    /// Bytes that a class keeps at most.
    private static let keptBytes = 8 * 1024 * 1024

    private var free: [[UnsafeMutableRawPointer]] = unsafe Array(repeating: [], count: BufferPool.classes)

    deinit {
        for index in unsafe free.indices {
            while let buffer = unsafe free[index].popLast() { unsafe buffer.deallocate() }
        }
    }

    private static func index(_ capacity: Int) -> Int {
        capacity.trailingZeroBitCount - smallest.trailingZeroBitCount
    }

    /// A buffer of at least `count` bytes; its capacity is a power of two.
    func take(atLeast count: Int) -> UnsafeMutableRawBufferPointer {
        var capacity = Self.smallest
        while capacity < count { capacity *= 2 }
        let index = Self.index(capacity)
        if index < Self.classes, let buffer = unsafe free[index].popLast() {
            return unsafe UnsafeMutableRawBufferPointer(start: buffer, count: capacity)
        }
        return .allocate(byteCount: capacity, alignment: 64)
    }

    /// Gives back what ``take(atLeast:)`` gave.
    func give(_ buffer: UnsafeMutableRawBufferPointer) {
        let capacity = buffer.count
        let index = Self.index(capacity)
        guard let base = buffer.baseAddress else { return }
        if index < Self.classes, unsafe free[index].count * capacity < Self.keptBytes {
            unsafe free[index].append(base)
        } else {
            unsafe base.deallocate()
        }
    }
}
