import Testing

@testable import Crypto

@Suite struct PublicKeyVerifierTests {
    @Test(
        "numbers in DER have no sign and no zeros in front that they do not need",
        arguments: [
            ([0], [0x02, 0x01, 0x00]), ([0, 0], [0x02, 0x01, 0x00]), ([0x7f], [0x02, 0x01, 0x7f]),
            ([0x80], [0x02, 0x02, 0x00, 0x80]), ([0, 0, 1], [0x02, 0x01, 0x01]),
            ([0, 0xff, 0], [0x02, 0x03, 0x00, 0xff, 0x00]),
        ] as [([UInt8], [UInt8])])
    func integers(bytes: [UInt8], encoded: [UInt8]) {
        #expect(DER.integer(bytes[...]) == encoded)
        #expect(DER.sequence(encoded) == [0x30, UInt8(encoded.count)] + encoded)
    }
}
