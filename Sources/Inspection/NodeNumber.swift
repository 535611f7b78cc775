internal import CInspection

/// A number of a JSON text, to compare by value. Whole numbers of 64 bits are exact, all others the nearest doubles.
struct NodeNumber: Hashable, Sendable {
    private let kind: UInt32
    private let bits: UInt64

    /// nil unless the node is a number.
    init?(_ node: inspection_node) {
        guard (INSPECTION_NODE_INTEGER.rawValue...INSPECTION_NODE_FRACTION.rawValue).contains(node.kind) else {
            return nil
        }
        kind = node.kind
        bits = node.value
    }

    var isFinite: Bool { exact != nil || double.isFinite }

    /// The whole number, where it is one of 64 bits.
    private var exact: Int128? {
        switch kind {
        case INSPECTION_NODE_INTEGER.rawValue: Int128(Int64(bitPattern: bits))
        case INSPECTION_NODE_UNSIGNED.rawValue: Int128(bits)
        default: nil
        }
    }

    private var double: Double { Double(bitPattern: bits) }

    static func < (left: NodeNumber, right: NodeNumber) -> Bool {
        switch (left.exact, right.exact) {
        case (let left?, let right?): left < right
        case (let left?, nil): order(left, right.double) < 0
        case (nil, let right?): order(right, left.double) > 0
        case (nil, nil): left.double < right.double
        }
    }

    /// Below, at or above 0, as `whole` is less than, equal to or greater than `double`, without rounding either.
    private static func order(_ whole: Int128, _ double: Double) -> Int {
        // 2^64: beyond all whole numbers here, and what follows converts.
        if double >= 0x1p64 { return -1 }
        if double <= -0x1p64 { return 1 }
        let truncated = Int128(double.rounded(.towardZero))
        if whole != truncated { return whole < truncated ? -1 : 1 }
        let fraction = double - double.rounded(.towardZero)
        return fraction > 0 ? -1 : fraction < 0 ? 1 : 0
    }
}
