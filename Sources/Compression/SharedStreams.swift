/// What the connections of one thread share: an inflater and deflaters for messages that refer to no other one. Each is made
/// when it is first needed.
package final class SharedStreams {
    /// One that a connection, or this, holds.
    package final class InflaterBox {
        package var inflater: Inflater

        package init(windowBits: Int) throws(CompressionError) {
            inflater = try Inflater(windowBits: windowBits)
        }
    }

    package final class DeflaterBox {
        package var deflater: Deflater

        package init(windowBits: Int, level: Int) throws(CompressionError) {
            deflater = try Deflater(windowBits: windowBits, level: level)
        }
    }

    private var sharedInflater: InflaterBox?
    /// By the window's bits: seven at most.
    private var sharedDeflaters = [DeflaterBox?](repeating: nil, count: 16)

    package init() {}

    /// The inflater for messages that refer to no other one, whatever window their sender has.
    package func inflater() throws(CompressionError) -> InflaterBox {
        if let sharedInflater { return sharedInflater }
        let made = try InflaterBox(windowBits: 15)
        sharedInflater = made
        return made
    }

    /// The deflater for messages that refer to no other one, with a window of 9 to 15 bits.
    package func deflater(windowBits: Int, level: Int) throws(CompressionError) -> DeflaterBox {
        guard sharedDeflaters.indices.contains(windowBits) else { throw .unsupported }
        if let shared = sharedDeflaters[windowBits] { return shared }
        let made = try DeflaterBox(windowBits: windowBits, level: level)
        sharedDeflaters[windowBits] = made
        return made
    }

    /// What zlib has allocated for all of them, in bytes.
    package var allocatedBytes: Int {
        let deflaters = sharedDeflaters.reduce(0) { $0 + ($1?.deflater.allocatedBytes ?? 0) }
        return deflaters + (sharedInflater?.inflater.allocatedBytes ?? 0)
    }
}
