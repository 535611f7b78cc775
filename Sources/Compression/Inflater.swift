internal import CZlib

/// Inflates the messages of one direction of a connection, or, without context, those of any (RFC 7692 7.2.2).
package struct Inflater: ~Copyable {
    private var stream: ZlibStream
    /// In the middle of a message that was given up nothing can go on.
    private var isBroken: Bool
    /// Whether the message that was inflated last had a final block. What stands behind one many a peer does not read, though
    /// RFC 7692 7.2.3.4 would have it read, and some do not read the next message either.
    package private(set) var hadFinalBlock = false

    /// What RFC 7692 7.2.1 takes from the end of a message.
    private static let tail: [UInt8] = [0x00, 0x00, 0xff, 0xff]
    /// A message grows by steps of these many bytes at least.
    private static let leastStep = 4096
    private static let largestStep = 64 * 1024
    /// The tail of a message that is sound brings nothing more.
    private static let tailStep = 16

    /// `windowBits`, 8 to 15, is the power of two of how many bytes are kept for the messages that follow; zlib takes the window
    /// when the first message is through. How far a message refers back within itself is not looked at.
    /// `outOfMemory` and `unsupported` are thrown.
    package init(windowBits: Int) throws(CompressionError) {
        try self.init(windowBits: windowBits, allowance: .max)
    }

    init(windowBits: Int, allowance: Int) throws(CompressionError) {
        stream = try ZlibStream(.inflating, windowBits: windowBits, allowance: allowance)
        isBroken = false
    }

    /// What zlib has allocated for it, in bytes.
    package var allocatedBytes: Int { stream.allocatedBytes }

    /// Puts what `message` inflates to behind what is in `output`: `limit` bytes at most, or `tooLong` is thrown before one
    /// byte more is kept. With `keepsContext` it may refer to the messages before it, which all must have come this way.
    ///
    /// Also thrown: `malformed`, and `outOfMemory`. After an error the messages of this direction cannot be read any more.
    package mutating func inflate(
        _ message: Span<UInt8>, into output: inout [UInt8], limit: Int, keepsContext: Bool
    ) throws(CompressionError) {
        if !keepsContext {
            // Only a stream that was never begun can refuse.
            _ = unsafe inflateReset(stream.pointer)
            isBroken = false
        }
        guard !isBroken else { throw .malformed }
        isBroken = true
        hadFinalBlock = false
        var remaining = max(0, limit)
        // Most messages shrink to a third or to a quarter.
        var step = min(
            max(Self.leastStep, message.count.multipliedReportingOverflow(by: 4).partialValue), Self.largestStep)
        try feed(message, into: &output, &remaining, &step)
        step = Self.tailStep
        let count = output.count
        try feed(Self.tail.span, into: &output, &remaining, &step)
        // The tail is the rest of an empty block. Where it brought bytes, or where this is not a place between two blocks at a
        // byte's boundary (`data_type` in zlib.h), it was taken for something else.
        guard output.count == count, unsafe stream.pointer.pointee.data_type == 128 else { throw .malformed }
        isBroken = false
    }

    private mutating func feed(
        _ input: Span<UInt8>, into output: inout [UInt8], _ remaining: inout Int, _ step: inout Int
    ) throws(CompressionError) {
        var offset = 0
        // What was made at the end of the output and not written yet. It is used up first: a message may have an end of its
        // stream in every other byte, and room is not made for each.
        var room = 0
        defer { output.removeLast(room) }
        while true {
            if room == 0 {
                // One byte more than may come, so that there is room to see that it does.
                room = min(step, remaining < .max ? remaining + 1 : remaining)
                output.append(contentsOf: repeatElement(0, count: room))
                step = Self.largestStep
            }
            let start = output.count - room
            var target = output.mutableSpan
            let before = offset
            let (count, status) = unsafe stream.run(input, at: &offset, into: &target, from: start, room: room) {
                unsafe CZlib.inflate($0, Z_SYNC_FLUSH)
            }
            room -= min(count, remaining)
            guard count <= remaining else { throw .tooLong }
            remaining -= count
            switch status {
            case Z_OK, Z_BUF_ERROR:
                if room > 0, offset == input.count { return }
                // zlib always goes on where it has input and room.
                guard count > 0 || offset > before else { throw .malformed }
            case Z_STREAM_END:
                // RFC 7692 7.2.3.4: a final block is not the last one, and what comes behind it begins at a byte.
                _ = unsafe inflateResetKeep(stream.pointer)
                hadFinalBlock = true
            case Z_MEM_ERROR:
                throw .outOfMemory
            default:
                throw .malformed
            }
        }
    }
}
