/// XOR with a masking key (RFC 6455 5.3): 64 bytes at a time, then 8, then one. Sources and targets need no alignment.
package enum Masking {
    /// Writes the bytes of `source` in `range` to `target` from `offset` on, XORed with `key`, which stands at the range's
    /// start. Both places must be within their spans.
    package static func copy(
        _ source: Span<UInt8>, _ range: Range<Int>, into target: inout MutableSpan<UInt8>, at offset: Int,
        key: MaskingKey
    ) {
        let count = range.count
        precondition(range.lowerBound >= 0 && range.upperBound <= source.count)
        precondition(offset >= 0 && count <= target.count - offset)
        guard count > 0 else { return }
        // In bounds: both ranges were compared with their spans. Never overlapping: `target` is borrowed exclusively.
        unsafe source.withUnsafeBytes { from in
            unsafe target.withUnsafeMutableBytes { to in
                guard let from = from.baseAddress, let to = to.baseAddress else { return }
                unsafe mask(from + range.lowerBound, into: to + offset, count: count, key: key)
            }
        }
    }

    /// The key twice, as it lies in memory.
    static func word(_ key: MaskingKey) -> UInt64 {
        (UInt64(key.bits) &* 0x1_0000_0001).littleEndian
    }

    /// `from` and `to` hold `count` bytes each, and are apart.
    private static func mask(
        _ from: UnsafeRawPointer, into to: UnsafeMutableRawPointer, count: Int, key: MaskingKey
    ) {
        let word = word(key)
        let block = SIMD8<UInt64>(repeating: word)
        var index = 0
        // Every access below ends at `count` or before it. Steps are multiples of 4, so the key never turns.
        while count &- index >= 64 {
            let bytes = unsafe from.loadUnaligned(fromByteOffset: index, as: SIMD8<UInt64>.self) ^ block
            unsafe to.storeBytes(of: bytes, toByteOffset: index, as: SIMD8<UInt64>.self)
            index &+= 64
        }
        while count &- index >= 8 {
            let bytes = unsafe from.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ word
            unsafe to.storeBytes(of: bytes, toByteOffset: index, as: UInt64.self)
            index &+= 8
        }
        while index < count {
            let byte = unsafe from.load(fromByteOffset: index, as: UInt8.self) ^ key.byte(at: index)
            unsafe to.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
            index &+= 1
        }
    }
}
