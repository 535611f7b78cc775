internal import CZlib

/// Deflates the messages of one direction of a connection, or, without context, those of any (RFC 7692 7.2.1).
package struct Deflater: ~Copyable {
    private var stream: ZlibStream
    private var level: Int
    /// What it holds is not what the peer holds: the next message begins anew.
    private var isStale: Bool

    /// `windowBits`, 9 to 15, is the power of two of what it refers back by, `level` 1 to 9. The memory that it takes depends on
    /// the window alone: 8 times its size, and a few KiB. `outOfMemory` and `unsupported` are thrown.
    package init(windowBits: Int, level: Int) throws(CompressionError) {
        try self.init(windowBits: windowBits, level: level, allowance: .max)
    }

    init(windowBits: Int, level: Int, allowance: Int) throws(CompressionError) {
        stream = try ZlibStream(.deflating(level: level), windowBits: windowBits, allowance: allowance)
        self.level = level
        isStale = false
    }

    /// What zlib has allocated for it, in bytes.
    package var allocatedBytes: Int { stream.allocatedBytes }

    /// Puts the compressed form of `message` behind what is in `output`, without the tail that RFC 7692 7.2.1 takes from it.
    /// False, and `output` as it was, where that is not shorter; the next message then begins anew, as it does without
    /// `keepsContext`.
    package mutating func deflate(
        _ message: Span<UInt8>, into output: inout [UInt8], level: Int, keepsContext: Bool
    ) -> Bool {
        if isStale || !keepsContext {
            // Only a stream that was never begun can refuse.
            _ = unsafe deflateReset(stream.pointer)
            isStale = false
        }
        let start = output.count
        // The tail has room as well. What does not fit is no shorter than the message.
        let (room, overflow) = message.count.addingReportingOverflow(4)
        guard !message.isEmpty, !overflow, room <= 1 << 30, setLevel(level) else { return false }
        output.append(contentsOf: repeatElement(0, count: room))
        var target = output.mutableSpan
        var offset = 0
        let (count, status) = unsafe stream.run(message, at: &offset, into: &target, from: start, room: room) {
            unsafe CZlib.deflate($0, Z_SYNC_FLUSH)
        }
        guard status == Z_OK, count > 4, count < room, offset == message.count,
            output[(start + count - 4)..<(start + count)].elementsEqual([0x00, 0x00, 0xff, 0xff])
        else {
            output.removeLast(room)
            isStale = true
            return false
        }
        output.removeLast(room - count + 4)
        return true
    }

    /// Changes the level between two messages. False where zlib refuses.
    private mutating func setLevel(_ level: Int) -> Bool {
        guard level != self.level else { return true }
        self.level = level
        let status = unsafe deflateParams(stream.pointer, CInt(level), Z_DEFAULT_STRATEGY)
        if status != Z_OK { isStale = true }
        return status == Z_OK
    }
}
