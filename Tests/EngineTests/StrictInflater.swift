internal import CZlib

/// A peer that inflates by the letter of what was agreed on, with nothing of the product's: a reference further back than the
/// window, also within one message, is an error to it, and so is one beyond what has come.
@safe final class StrictInflater {
    private let stream: UnsafeMutablePointer<z_stream>
    private let keepsContext: Bool

    init(windowBits: Int, keepsContext: Bool) {
        self.keepsContext = keepsContext
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        _ = unsafe inflateInit2_(
            stream, -CInt(windowBits), ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
    }

    deinit {
        _ = unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// nil where that is no message, or one that says more behind the end of a stream.
    func inflate(_ message: [UInt8]) -> [UInt8]? {
        if !keepsContext { _ = unsafe inflateReset(stream) }
        var input = message + [0x00, 0x00, 0xff, 0xff]
        var output: [UInt8] = []
        // zlib reaches into its window beyond what it has written in one call: the less that is, the less it lets pass.
        var piece = [UInt8](repeating: 0, count: 16)
        let count = input.count
        return unsafe input.withUnsafeMutableBufferPointer { from in
            unsafe stream.pointee.next_in = from.baseAddress
            unsafe stream.pointee.avail_in = uInt(count)
            while true {
                let (status, free) = unsafe piece.withUnsafeMutableBufferPointer { to in
                    unsafe stream.pointee.next_out = to.baseAddress
                    unsafe stream.pointee.avail_out = uInt(to.count)
                    let status = unsafe CZlib.inflate(stream, Z_SYNC_FLUSH)
                    return unsafe (status, Int(stream.pointee.avail_out))
                }
                output += piece.prefix(piece.count - free)
                guard status == Z_OK || status == Z_BUF_ERROR else { return nil }
                if free > 0 { return unsafe stream.pointee.avail_in == 0 ? output : nil }
            }
        }
    }
}
