/// Checks a text as UTF-8 (RFC 3629) while it streams by, in pieces cut anywhere, on its masked bytes.
package struct UTF8Validator: Sendable {
    /// Continuation bytes that the character begun still needs.
    private var needed: UInt8 = 0
    // What the next continuation byte may be. Only a character's second byte is ever bounded more narrowly than
    // 80 to BF: that keeps out overlong forms, surrogates and what lies above U+10FFFF.
    private var lower: UInt8 = 0x80
    private var upper: UInt8 = 0xbf

    package init() {}

    /// Whether the bytes so far end with a whole character.
    package var isComplete: Bool { needed == 0 }

    /// Takes the bytes of `input` in `range`, each XORed with `key`, which stands at the range's start. False at the first
    /// byte that no text can hold there; the validator is not to be used after that.
    package mutating func validate(_ input: Span<UInt8>, _ range: Range<Int>, key: MaskingKey) -> Bool {
        precondition(range.lowerBound >= 0 && range.upperBound <= input.count)
        let count = range.count
        guard count > 0 else { return true }
        var state = self
        // In bounds: the range was compared with the span.
        let isValid = unsafe input.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return true }
            return unsafe state.validate(base + range.lowerBound, count: count, key: key)
        }
        self = state
        return isValid
    }

    /// `bytes` has `count` bytes; every load below ends there or before it.
    private mutating func validate(_ bytes: UnsafeRawPointer, count: Int, key: MaskingKey) -> Bool {
        var index = 0
        while index < count {
            if needed == 0, count &- index >= 8 {
                let start = index
                index = unsafe Self.skipASCII(bytes, from: index, count: count, key: key)
                index = unsafe Self.skipCharacters(bytes, from: index, count: count, key: key)
                guard index == start else { continue }
            }
            guard take(unsafe bytes.load(fromByteOffset: index, as: UInt8.self) ^ key.byte(at: index)) else {
                return false
            }
            index &+= 1
        }
        return true
    }

    /// The index of the first byte that is not ASCII, or one fewer than 8 bytes before the end.
    private static func skipASCII(_ bytes: UnsafeRawPointer, from start: Int, count: Int, key: MaskingKey) -> Int {
        let highBits: UInt64 = 0x8080_8080_8080_8080
        // The key as it stands at `start`; all steps are multiples of 4.
        let word = Masking.word(key.rotated(by: start))
        let block = SIMD8<UInt64>(repeating: word)
        var index = start
        while count &- index >= 64 {
            let masked = unsafe bytes.loadUnaligned(fromByteOffset: index, as: SIMD8<UInt64>.self) ^ block
            let halves = masked.lowHalf | masked.highHalf
            let quarters = halves.lowHalf | halves.highHalf
            guard (quarters[0] | quarters[1]) & highBits == 0 else { break }
            index &+= 64
        }
        while count &- index >= 8 {
            let high = (unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ word) & highBits
            guard high == 0 else { return index &+ high.littleEndian.trailingZeroBitCount / 8 }
            index &+= 8
        }
        return index
    }

    /// The index behind a run of whole, sound characters of two bytes and more; stops 4 bytes before the end.
    private static func skipCharacters(_ bytes: UnsafeRawPointer, from start: Int, count: Int, key: MaskingKey) -> Int {
        var index = start
        while count &- index >= 4 {
            let masked = UInt32(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self))
            let length = characterLength(masked ^ key.rotated(by: index).bits)
            guard length > 0 else { break }
            index &+= length
        }
        return index
    }

    /// The length of the character of two to four bytes that `bytes`, lowest first, begins with; 0 if it begins with none.
    private static func characterLength(_ bytes: UInt32) -> Int {
        if bytes & 0xc0e0 == 0x80c0 {
            // C0 and C1 would be overlong.
            return bytes & 0x1e != 0 ? 2 : 0
        }
        if bytes & 0xc0c0f0 == 0x8080e0 {
            // E0 80 to E0 9F would be overlong; ED A0 to ED BF are surrogates.
            let critical = bytes & 0x200f
            return critical != 0 && critical != 0x200d ? 3 : 0
        }
        if bytes & 0xc0c0_c0f8 == 0x8080_80f0 {
            // F0 80 to F0 8F would be overlong; F4 90 and all above it lie past U+10FFFF.
            let critical = (bytes & 7) << 2 | (bytes >> 12 & 3)
            return critical >= 1 && critical <= 16 ? 4 : 0
        }
        return 0
    }

    /// One byte. False if it cannot stand here.
    private mutating func take(_ byte: UInt8) -> Bool {
        guard needed == 0 else {
            guard byte >= lower, byte <= upper else { return false }
            needed &-= 1
            lower = 0x80
            upper = 0xbf
            return true
        }
        switch byte {
        case 0x00...0x7f: return true
        case 0xc2...0xdf: needed = 1
        case 0xe0...0xef:
            needed = 2
            if byte == 0xe0 { lower = 0xa0 }
            if byte == 0xed { upper = 0x9f }
        case 0xf0...0xf4:
            needed = 3
            if byte == 0xf0 { lower = 0x90 }
            if byte == 0xf4 { upper = 0x8f }
        default: return false
        }
        return true
    }
}
