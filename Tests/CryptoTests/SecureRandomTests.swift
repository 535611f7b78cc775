import Crypto
import Testing

@Suite struct SecureRandomTests {
    @Test(arguments: [0, 1, 16, 100_000])
    func counts(count: Int) {
        #expect(SecureRandom.bytes(count).count == count)
    }

    @Test func bytesDiffer() {
        #expect(Set((0..<100).map { _ in SecureRandom.bytes(16) }).count == 100)
        // All 256 values come up, and none is left at zero by a fill that stops early.
        #expect(Set(SecureRandom.bytes(100_000)).count == 256)
        #expect(Set(SecureRandom.bytes(100_000).suffix(10_000)).count == 256)
    }

    @Test("RFC 6455 section 4.1: 16 bytes in base64")
    func webSocketKey() {
        let key = SecureRandom.webSocketKey()
        #expect(key.count == 24)
        #expect(key.hasSuffix("=="))
        #expect(key != SecureRandom.webSocketKey())
    }

    @Test func tokenID() {
        let id = SecureRandom.tokenID()
        #expect(id.utf8.count == 32)
        #expect(id.allSatisfy { $0.isHexDigit })
        #expect(id != SecureRandom.tokenID())
    }
}
