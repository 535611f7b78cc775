/// The ways in which a test feeds a vector: whole, a byte at a time, in batches, and cut in two at every place.
func pieces(of bytes: [UInt8]) -> [[[UInt8]]] {
    var ways = [[bytes], bytes.map { [$0] }]
    for size in [2, 3, 7] where bytes.count > size {
        ways.append(
            stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) })
    }
    if bytes.count > 1, bytes.count <= 600 {
        ways += (1..<bytes.count).map { [Array(bytes[..<$0]), Array(bytes[$0...])] }
    }
    return ways
}

/// The same numbers in each run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    // SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
