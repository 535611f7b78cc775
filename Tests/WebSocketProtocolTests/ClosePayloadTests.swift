import Testing
import WebSocketProtocol

struct ClosePayloadTests {
    @Test(
        arguments: [
            ([], ClosePayload(code: nil)), ([0x03, 0xe8], ClosePayload(code: .normal)),
            ([0x03, 0xf0, 0x61, 0xc3, 0xa9], ClosePayload(code: .policyViolation, reason: "aé")),
            ([0x13, 0x87], ClosePayload(code: CloseCode(rawValue: 4999))),
        ] as [([UInt8], ClosePayload)])
    func `what a close says is read and written alike`(bytes: [UInt8], payload: ClosePayload) {
        #expect(ClosePayload(bytes.span) == payload)
        #expect(payload.encoded == bytes)
    }

    @Test(
        arguments: [
            [0x03], [0x03, 0xed], [0x03, 0xee], [0x03, 0xf7], [0x00, 0x00], [0x03, 0xe7], [0x07, 0xd0], [0x13, 0x88],
            [0xff, 0xff],
            [0x03, 0xe8, 0xff], [0x03, 0xe8, 0xc3], [0x03, 0xe8, 0xed, 0xa0, 0x80],
        ] as [[UInt8]])
    func `what no close may say is refused`(bytes: [UInt8]) {
        #expect(ClosePayload(bytes.span) == nil)
    }

    @Test func `a reason is cut to 123 bytes between two characters`() {
        for (character, kept) in [("a", 123), ("é", 122), ("€", 123), ("😀", 120), ("👩‍👩‍👧", 108)] {
            let payload = ClosePayload(code: .normal, reason: String(repeating: character, count: 124))
            #expect(payload.encoded.count == 2 + kept)
            #expect(ClosePayload(payload.encoded.span)?.reason.last.map { String($0) } == character)
        }
    }

    @Test func `a code that may not be sent is not written`() {
        for code in [CloseCode.noStatus, .abnormal, CloseCode(rawValue: 1015), CloseCode(rawValue: 0)] {
            #expect(ClosePayload(code: code, reason: "x").encoded.isEmpty)
        }
        #expect(ClosePayload(code: nil, reason: "x").encoded.isEmpty)
    }
}
