internal import CInspection

/// Hashes of JSON values that a peer cannot foresee. Equal values have equal hashes.
enum JSONHash {
    /// Drawn once for the process: what a peer sends must not be made to collide.
    static let seed = UInt64.random(in: .min ... .max)

    /// The hash of bytes; its lower 32 bits are what a name's node has.
    static func of(_ bytes: Span<UInt8>) -> UInt64 {
        // The bytes are good for the call.
        unsafe bytes.withUnsafeBufferPointer { unsafe inspection_hash($0.baseAddress, $0.count, seed) }
    }

    /// The hash of a value and all that it holds. Recurses as deep as the value is nested, 512 at most.
    static func of(_ index: Int, in document: borrowing JSONDocument) -> UInt64 {
        let node = document[index]
        switch node.kind {
        case INSPECTION_NODE_STRING.rawValue:
            return document.withBytes(index) { bytes in of(bytes) }
        case INSPECTION_NODE_ARRAY.rawValue:
            var hash = mix(UInt64(node.kind), node.value)
            var element = index + 1
            for _ in 0..<node.value {
                hash = mix(hash, of(element, in: document))
                element = document.next(element)
            }
            return hash
        case INSPECTION_NODE_OBJECT.rawValue:
            // A sum, for members in any order.
            var sum: UInt64 = 0
            var name = index + 1
            for _ in 0..<node.value {
                sum &+= mix(UInt64(document.nameHash(name)), of(name + 1, in: document))
                name = document.next(name + 1)
            }
            return mix(UInt64(node.kind) &+ node.value, sum)
        default:
            return mix(UInt64(node.kind), node.value)
        }
    }

    /// Mixes two hashes; the order counts.
    private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = (left ^ seed ^ 0x8ebc_6af0_9c88_c6e3).multipliedFullWidth(
            by: right ^ seed.byteSwapped ^ 0x9e37_79b9_7f4a_7c15)
        return product.low ^ product.high
    }
}
