import Testing
import WebSocketProtocol

struct MaskingTests {
    @Test func `every length, alignment and key rotation is masked as RFC 6455 5_3 says`() {
        var generator = SeededGenerator(seed: 6455)
        let source = (0..<400).map { _ in UInt8.random(in: 0...255, using: &generator) }
        for length in Array(0...140) + [191, 192, 193, 255, 256, 257, 300] {
            for start in 0..<9 {
                for offset in [0, 1, 3, 7] {
                    let key = exampleKey.rotated(by: length + start)
                    let keyBytes = (0..<4).map { UInt8(truncatingIfNeeded: key.bits >> (8 * $0)) }
                    var copied = [UInt8](repeating: 0xaa, count: offset + length + 9)
                    var expected = copied
                    for index in 0..<length { expected[offset + index] = source[start + index] ^ keyBytes[index % 4] }
                    var span = copied.mutableSpan
                    Masking.copy(source.span, start..<start + length, into: &span, at: offset, key: key)
                    #expect(copied == expected)
                }
            }
        }
    }

    @Test func `masking undoes itself`() {
        for length in 0...140 {
            let source = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            #expect(masked(masked(source, exampleKey), exampleKey) == source)
        }
    }

    @Test func `one pass with both keys is a pass with each`() {
        let source = (0..<99).map { UInt8($0) }
        let other = MaskingKey(bits: 0x0102_0304)
        #expect(masked(source, exampleKey ^ other) == masked(masked(source, exampleKey), other))
    }
}
