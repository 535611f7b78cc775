import Compression

/// Bytes that do not compress, the same in each run.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    return (0..<max(0, count)).map { _ in UInt8.random(in: 0...255, using: &generator) }
}

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}

/// The messages of one direction, compressed; those that do not get shorter in blocks without compression (RFC 1951 3.2.4).
func deflated(_ messages: [[UInt8]], windowBits: Int = 15) throws(CompressionError) -> [[UInt8]] {
    var deflater = try Deflater(windowBits: windowBits, level: 6)
    var all: [[UInt8]] = []
    for message in messages {
        var output: [UInt8] = []
        let isShorter = deflater.deflate(message.span, into: &output, level: 6, keepsContext: true)
        all.append(isShorter ? output : stored(message))
    }
    return all
}

/// A message in blocks without compression.
func stored(_ message: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    var rest = message[...]
    while !rest.isEmpty {
        let part = rest.prefix(0xffff)
        let length = UInt16(part.count)
        output += [0x00, UInt8(length & 0xff), UInt8(length >> 8), UInt8(~length & 0xff), UInt8(~length >> 8)] + part
        rest = rest.dropFirst(part.count)
    }
    return output + [0x00]
}

/// A message that is nothing but a reference to `length` bytes, 3 to 10, `distance` bytes ago: a block of fixed codes
/// (RFC 1951 3.2.6).
func reference(to length: Int, at distance: Int) -> [UInt8] {
    var bits = BitWriter()
    bits.write(0b010, count: 3)
    // These lengths are the codes from 257 on, in seven bits, with nothing behind them.
    bits.writeCode(length - 2, count: 7)
    let code = distanceCode(distance)
    bits.writeCode(code.number, count: 5)
    bits.write(distance - code.base, count: code.extraBits)
    bits.writeCode(0, count: 7)
    bits.write(0, count: 3)
    return bits.finish()
}

/// RFC 1951 3.2.5.
private func distanceCode(_ distance: Int) -> (number: Int, base: Int, extraBits: Int) {
    var (number, base) = (0, 1)
    while true {
        let extraBits = max(0, number / 2 - 1)
        if distance < base + 1 << extraBits { return (number, base, extraBits) }
        base += 1 << extraBits
        number += 1
    }
}

/// Packs bits as RFC 1951 3.1.1 says.
private struct BitWriter {
    private var bytes: [UInt8] = []
    private var pending = 0
    private var count = 0

    mutating func write(_ value: Int, count: Int) {
        for bit in 0..<count { append(value >> bit & 1) }
    }

    /// Huffman codes come with their highest bit first.
    mutating func writeCode(_ value: Int, count: Int) {
        for bit in (0..<count).reversed() { append(value >> bit & 1) }
    }

    private mutating func append(_ bit: Int) {
        pending |= bit << count
        count += 1
        if count == 8 { flush() }
    }

    private mutating func flush() {
        bytes.append(UInt8(pending))
        (pending, count) = (0, 0)
    }

    mutating func finish() -> [UInt8] {
        if count > 0 { flush() }
        return bytes
    }
}
