import Testing
import WebSocketProtocol

struct MaskingKeyTests {
    @Test(
        arguments: [
            (0, 0x3d21_fa37), (1, 0x373d_21fa), (2, 0xfa37_3d21), (3, 0x21fa_373d), (4, 0x3d21_fa37),
            (65535, 0x21fa_373d),
        ] as [(Int, UInt32)])
    func `a key turns with the bytes that were masked`(count: Int, bits: UInt32) {
        #expect(exampleKey.rotated(by: count).bits == bits)
    }

    @Test func `no key masks nothing, and a key undoes itself`() {
        #expect(MaskingKey.none.rotated(by: 3) == .none)
        #expect(exampleKey ^ .none == exampleKey)
        #expect(exampleKey ^ exampleKey == .none)
    }
}
