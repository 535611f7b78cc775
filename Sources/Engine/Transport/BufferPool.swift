/// Memory for queues, in powers of two, kept by one worker for its connections so that the steady state allocates nothing.
/// What was given back last is taken first, while it is still in the processor's cache.
@safe final class BufferPool {
    static let smallest = 4096
    private static let classes = 20
    /// Bytes that a class keeps at most.
    private static let keptBytes = 8 * 1024 * 1024

    /// The free buffers of one size: each of them holds the address of the next in its first bytes.
    @safe private struct Class {
        var first: UnsafeMutableRawPointer?
        var count = 0
    }

    /// `classes` of them, from init to deinit.
    private let free: UnsafeMutablePointer<Class>

    init() {
        unsafe free = .allocate(capacity: Self.classes)
        unsafe free.initialize(repeating: Class(), count: Self.classes)
    }

    deinit {
        for index in 0..<Self.classes {
            while let buffer = unsafe pop(index) { unsafe buffer.deallocate() }
        }
        unsafe free.deallocate()
    }

    private static func index(_ capacity: Int) -> Int {
        capacity.trailingZeroBitCount - smallest.trailingZeroBitCount
    }

    /// `index` is below `classes`, as of all indices here.
    private func pop(_ index: Int) -> UnsafeMutableRawPointer? {
        guard let buffer = unsafe free[index].first else { return nil }
        // Written when the buffer was given back.
        unsafe free[index].first = buffer.load(as: UnsafeMutableRawPointer?.self)
        unsafe free[index].count &-= 1
        return unsafe buffer
    }

    /// A buffer of at least `count` bytes; its capacity is a power of two.
    func take(atLeast count: Int) -> UnsafeMutableRawBufferPointer {
        var capacity = Self.smallest
        while capacity < count { capacity *= 2 }
        let index = Self.index(capacity)
        if index < Self.classes, let buffer = unsafe pop(index) {
            return unsafe UnsafeMutableRawBufferPointer(start: buffer, count: capacity)
        }
        return .allocate(byteCount: capacity, alignment: 64)
    }

    /// Gives back what ``take(atLeast:)`` gave.
    func give(_ buffer: UnsafeMutableRawBufferPointer) {
        let capacity = buffer.count
        let index = Self.index(capacity)
        guard let base = buffer.baseAddress else { return }
        guard index < Self.classes, unsafe free[index].count * capacity < Self.keptBytes else {
            return unsafe base.deallocate()
        }
        // The smallest buffer has room for an address, and nobody else uses it any more.
        unsafe base.storeBytes(of: free[index].first, as: UnsafeMutableRawPointer?.self)
        unsafe free[index].first = base
        unsafe free[index].count &+= 1
    }
}
