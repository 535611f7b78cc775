/// Cuts bytes into pieces at places that `seed` decides: 0 a byte at a time, any other number at random, short pieces and
/// empty ones among the long.
func pieces(of bytes: ArraySlice<UInt8>, seed: UInt8) -> [[UInt8]] {
    guard seed != 0 else { return bytes.map { [$0] } }
    var state = UInt64(seed)
    var pieces: [[UInt8]] = []
    var rest = bytes
    while !rest.isEmpty {
        // SplitMix64's step and a part of its mixing: enough to spread 255 seeds.
        state &+= 0x9e37_79b9_7f4a_7c15
        let mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
        let number = Int(mixed >> 40 & 0xffff)
        let count = number & 3 == 0 ? number >> 8 : number >> 8 & 15
        pieces.append(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
    }
    return pieces
}
