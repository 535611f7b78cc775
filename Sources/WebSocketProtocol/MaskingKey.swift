/// The four bytes that a payload is XORed with (RFC 6455 5.3).
package struct MaskingKey: Sendable, Equatable {
    /// As on the wire and in memory: the first byte is the lowest.
    package var bits: UInt32

    package init(bits: UInt32) {
        self.bits = bits
    }

    /// Leaves bytes as they are: an unmasked payload's key.
    package static let none = MaskingKey(bits: 0)

    /// The key as it stands `count` payload bytes further on; `count` is not negative.
    package func rotated(by count: Int) -> MaskingKey {
        let shift = UInt32(truncatingIfNeeded: count & 3) &* 8
        return MaskingKey(bits: bits &>> shift | bits &<< ((32 &- shift) & 31))
    }

    /// The one key that masks as both do in turn: changes a payload's key in one pass.
    package static func ^ (left: MaskingKey, right: MaskingKey) -> MaskingKey {
        MaskingKey(bits: left.bits ^ right.bits)
    }

    /// The byte for payload byte `index`, counted from where the key stands.
    func byte(at index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: bits &>> (UInt32(truncatingIfNeeded: index & 3) &* 8))
    }
}
