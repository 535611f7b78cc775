/// Bytes to look for in messages, prepared once. Looking is linear in the message, whatever the message holds
/// (Knuth, Morris, Pratt), and skips in blocks to where the first byte stands.
struct ByteNeedle: Sendable {
    /// Never empty.
    private let bytes: [UInt8]
    /// For each length of a match so far, the length of the longest shorter one that ends at the same byte.
    private let shorter: [Int]

    /// nil for no bytes at all, which would stand everywhere.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty else { return nil }
        self.bytes = bytes
        var shorter = [0, 0]
        var matched = 0
        for index in bytes.indices.dropFirst() {
            while matched > 0, bytes[index] != bytes[matched] { matched = shorter[matched] }
            if bytes[index] == bytes[matched] { matched += 1 }
            shorter.append(matched)
        }
        self.shorter = shorter
    }

    var count: Int { bytes.count }

    /// Where the needle first stands in `haystack` at `start` or later.
    func firstIndex(in haystack: Span<UInt8>, from start: Int = 0) -> Int? {
        var matched = 0
        var index = start
        while index < haystack.count {
            if matched == 0 {
                index = Self.skip(to: bytes[0], in: haystack, from: index)
                guard index < haystack.count else { return nil }
            }
            let byte = haystack[index]
            while matched > 0, byte != bytes[matched] { matched = shorter[matched] }
            if byte == bytes[matched] { matched += 1 }
            index += 1
            if matched == bytes.count { return index - matched }
        }
        return nil
    }

    /// The first place of `byte`, or the haystack's end.
    private static func skip(to byte: UInt8, in haystack: Span<UInt8>, from start: Int) -> Int {
        let wanted = SIMD16<UInt8>(repeating: byte)
        let raw = unsafe haystack.bytes
        var index = start
        while index + 16 <= haystack.count {
            // The call checks the bounds of the span, and every bit pattern is sixteen bytes.
            let block = unsafe raw.unsafeLoadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
            if any(block .== wanted) { break }
            index += 16
        }
        while index < haystack.count, haystack[index] != byte { index += 1 }
        return index
    }
}
