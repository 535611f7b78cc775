internal import CZlib
internal import Glibc

/// A `z_stream` at one place for its whole life, since zlib's own state points back at it, and an account of what zlib
/// allocates for it. Unsafe inside: both pointers are made here, are never handed on, and are freed once, at the end.
@safe struct ZlibStream: ~Copyable {
    enum Kind {
        /// With windows of 8 to 15 bits.
        case inflating
        /// With windows of 9 to 15 bits, at a level from 1 to 9. With 8 bits zlib writes no deflate without a header
        /// (`deflateInit2` in zlib.h).
        case deflating(level: Int)

        func allows(windowBits: Int) -> Bool {
            switch self {
            case .inflating: (8...15).contains(windowBits)
            case .deflating(let level): (9...15).contains(windowBits) && (1...9).contains(level)
            }
        }
    }

    struct Account {
        /// What zlib has asked for, in bytes. It gives nothing back before the end.
        var allocatedBytes = 0
        /// What it may ask for.
        let allowance: Int
    }

    let pointer: UnsafeMutablePointer<z_stream>
    private let account: UnsafeMutablePointer<Account>
    private let kind: Kind

    /// Windows are given as powers of two. With `allowance`, zlib is refused more bytes than these, as if there was no more memory.
    init(_ kind: Kind, windowBits: Int, allowance: Int) throws(CompressionError) {
        self.kind = kind
        unsafe pointer = .allocate(capacity: 1)
        unsafe account = .allocate(capacity: 1)
        unsafe pointer.initialize(to: z_stream())
        unsafe account.initialize(to: Account(allowance: allowance))
        unsafe pointer.pointee.zalloc = unsafe allocateForZlib
        unsafe pointer.pointee.zfree = freeForZlib
        unsafe pointer.pointee.opaque = UnsafeMutableRawPointer(account)
        guard kind.allows(windowBits: windowBits) else { throw .unsupported }
        // A negative number of bits means deflate without a header (zlib.h).
        let (bits, size) = (-CInt(windowBits), unsafe CInt(MemoryLayout<z_stream>.size))
        let status =
            switch kind {
            case .inflating: unsafe inflateInit2_(pointer, bits, ZLIB_VERSION, size)
            case .deflating(let level):
                // Window and links take 2^(bits+2) bytes, and so do hash table and symbols: with 15 bits, zlib's own default.
                unsafe deflateInit2_(
                    pointer, CInt(clamping: level), Z_DEFLATED, bits, CInt(windowBits - 7), Z_DEFAULT_STRATEGY,
                    ZLIB_VERSION, size)
            }
        guard status == Z_OK else { throw status == Z_MEM_ERROR ? .outOfMemory : .unsupported }
    }

    deinit {
        // Either is harmless on a stream whose beginning has failed.
        switch kind {
        case .inflating: _ = unsafe inflateEnd(pointer)
        case .deflating: _ = unsafe deflateEnd(pointer)
        }
        unsafe pointer.deallocate()
        unsafe account.deallocate()
    }

    var allocatedBytes: Int { unsafe account.pointee.allocatedBytes }

    /// Lends zlib what is left of `input` from `offset` on, and `room` bytes of `output` from `start` on, for one call. The
    /// offset moves behind what was taken. How many bytes were written, and what the call said.
    mutating func run(
        _ input: Span<UInt8>, at offset: inout Int, into output: inout MutableSpan<UInt8>, from start: Int, room: Int,
        _ call: (UnsafeMutablePointer<z_stream>) -> CInt
    ) -> (count: Int, status: CInt) {
        precondition(offset >= 0 && offset <= input.count && start >= 0 && room >= 0 && room <= output.count - start)
        // Both counts are of 32 bits.
        let given = min(input.count - offset, 1 << 30)
        let free = min(room, 1 << 30)
        let place = offset
        // In bounds: compared above. zlib reads and writes only during the call, and never writes to its input.
        let (status, unread, unwritten) = unsafe input.withUnsafeBufferPointer { from in
            unsafe output.withUnsafeMutableBufferPointer { to in
                unsafe pointer.pointee.next_in = UnsafeMutablePointer(
                    mutating: from.baseAddress.map { unsafe $0 + place })
                unsafe pointer.pointee.avail_in = uInt(given)
                unsafe pointer.pointee.next_out = to.baseAddress.map { unsafe $0 + start }
                unsafe pointer.pointee.avail_out = uInt(free)
                let status = unsafe call(pointer)
                unsafe pointer.pointee.next_in = nil
                unsafe pointer.pointee.next_out = nil
                return unsafe (status, Int(pointer.pointee.avail_in), Int(pointer.pointee.avail_out))
            }
        }
        offset += given - unread
        return (free - unwritten, status)
    }
}

/// `alloc_func`. Unsafe: `opaque` is the account of a stream that lives.
private func allocateForZlib(_ opaque: voidpf?, _ items: uInt, _ size: uInt) -> voidpf? {
    guard let account = unsafe opaque?.assumingMemoryBound(to: ZlibStream.Account.self) else { return nil }
    // Two numbers of 32 bits cannot overflow one of 64.
    let bytes = Int(items) * Int(size)
    guard unsafe bytes <= account.pointee.allowance - account.pointee.allocatedBytes else { return nil }
    unsafe account.pointee.allocatedBytes += bytes
    return unsafe malloc(bytes)
}

/// `free_func`.
private func freeForZlib(_ opaque: voidpf?, _ memory: voidpf?) {
    unsafe free(memory)
}
