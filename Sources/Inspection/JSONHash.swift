internal import CInspection

/// Hashes of JSON values that a peer cannot foresee.
enum JSONHash {
    /// Drawn once for the process: what a peer sends must not be made to collide.
    static let seed = UInt64.random(in: .min ... .max)

    /// The hash of bytes; its lower 32 bits are what a name's node has.
    static func of(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        unsafe inspection_hash(bytes.baseAddress, bytes.count, seed)
    }

    /// Mixes two hashes; the order counts.
    static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = (left ^ 0x8ebc_6af0_9c88_c6e3).multipliedFullWidth(by: right ^ seed ^ 0x9e37_79b9_7f4a_7c15)
        return product.low ^ product.high
    }
}
