/// Bytes that wait for their socket, in one piece. Holds no memory while it is empty.
@safe struct ByteQueue: ~Copyable {
    private let pool: BufferPool
    private var storage = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var head = 0
    private var tail = 0

    init(pool: BufferPool) {
        self.pool = pool
    }

    deinit {
        if capacity > 0 { unsafe pool.give(storage) }
    }

    var count: Int { tail - head }
    var isEmpty: Bool { tail == head }
    private var capacity: Int { unsafe storage.count }

    /// What waits, first byte first; valid until the queue is next changed.
    func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        // head ≤ tail ≤ capacity holds throughout.
        unsafe body(UnsafeRawBufferPointer(rebasing: storage[head..<tail]))
    }

    /// Appends what `body` writes into `count` bytes of room; it must write all of them.
    mutating func append<E: Error>(_ count: Int, _ body: (inout MutableSpan<UInt8>) throws(E) -> Void) throws(E) {
        guard count > 0 else { return }
        reserve(count)
        // The room was made above, and its bytes are initialised by `body`, which gets no other way to them.
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: storage[tail..<(tail + count)])
        var span = unsafe MutableSpan<UInt8>(_unsafeBytes: room)
        try body(&span)
        tail += count
    }

    /// Hands over all that waits, and forgets it.
    mutating func takeAll<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        defer { release() }
        return unsafe withBytes(body)
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        let count = bytes.count
        guard count > 0 else { return }
        reserve(count)
        // The room was made above, and `bytes` never lies in the queue's own memory.
        unsafe UnsafeMutableRawBufferPointer(rebasing: storage[tail..<(tail + count)]).copyMemory(from: bytes)
        tail += count
    }

    mutating func append(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe append($0) }
    }

    /// Forgets the first `count` bytes, which must be there.
    mutating func drop(_ count: Int) {
        head += min(count, tail - head)
        if head == tail { release() }
    }

    mutating func release() {
        head = 0
        tail = 0
        guard capacity > 0 else { return }
        unsafe pool.give(storage)
        unsafe storage = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    private mutating func reserve(_ count: Int) {
        if capacity - tail >= count { return }
        let used = tail - head
        if capacity - used >= count, head >= used {
            // The two ranges do not overlap, since head is at least as far as what is moved.
            unsafe storage.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[head..<tail]))
        } else {
            let grown = unsafe pool.take(atLeast: used + count)
            if used > 0 { unsafe grown.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[head..<tail])) }
            if capacity > 0 { unsafe pool.give(storage) }
            unsafe storage = grown
        }
        head = 0
        tail = used
    }
}
