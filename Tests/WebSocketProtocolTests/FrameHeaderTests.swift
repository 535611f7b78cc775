import Testing
import WebSocketProtocol

struct FrameHeaderTests {
    private static func encoded(_ header: FrameHeader, room: Int? = nil) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xee, count: room ?? header.encodedLength)
        var span = bytes.mutableSpan
        let count = header.encode(into: &span)
        #expect(count == header.encodedLength)
        return Array(bytes[..<count])
    }

    @Test(
        arguments: [
            (0, [0x82, 0x00]), (125, [0x82, 0x7d]), (126, [0x82, 0x7e, 0, 126]), (256, [0x82, 0x7e, 1, 0]),
            (65535, [0x82, 0x7e, 255, 255]),
            (65536, [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]),
            (Int.max, [0x82, 0x7f, 127, 255, 255, 255, 255, 255, 255, 255]),
        ] as [(Int, [UInt8])])
    func `lengths are written in their shortest form`(length: Int, expected: [UInt8]) {
        let header = FrameHeader(opcode: .binary, payloadLength: length)
        #expect(Self.encoded(header) == expected)
        #expect(Self.encoded(header, room: FrameHeader.maximumEncodedLength) == expected)
        var masked = header
        masked.maskingKey = exampleKey
        #expect(Self.encoded(masked) == [0x82, expected[1] | 0x80] + expected[2...] + [0x37, 0xfa, 0x21, 0x3d])
    }

    @Test func `a compressed message says so in RSV1`() {
        #expect(Self.encoded(FrameHeader(isCompressed: true, opcode: .text, payloadLength: 7)) == [0xc1, 0x07])
        #expect(
            Self.encoded(FrameHeader(isFinal: false, isCompressed: true, opcode: .binary, payloadLength: 0)) == [
                0x42, 0,
            ])
    }

    @Test(arguments: [Opcode.continuation, .text, .binary, .close, .ping, .pong], [true, false])
    func `what is written is read again`(opcode: Opcode, isFinal: Bool) throws {
        let isData = !opcode.isControl
        guard isFinal || isData else { return }
        for length in [0, 1, 125, 126, 65535, 65536] where isData || length <= 125 {
            for key in [exampleKey, nil] {
                let header = FrameHeader(isFinal: isFinal, opcode: opcode, payloadLength: length, maskingKey: key)
                // A close payload of one byte is an error of its own; a continuation needs its message.
                guard opcode != .close || length == 0 else { continue }
                let opening: [UInt8] = opcode == .continuation ? rawFrame(0x02, key: key) : []
                // Masked zeros are the key's own bytes, which are no text.
                let payload = rawFrame(0x82, [UInt8](repeating: 0x61, count: length), key: key)
                let bytes = opening + Self.encoded(header) + payload.suffix(length)
                let transcript = Transcript.of([bytes], from: key == nil ? .server : .client)
                #expect(transcript.error == nil)
                #expect(transcript.taken == bytes.count)
                if isData { #expect(transcript.entries.contains(.frame(header))) }
            }
        }
    }
}
