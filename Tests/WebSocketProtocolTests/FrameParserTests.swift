import Testing
import WebSocketProtocol

struct FrameParserTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let name: String
        let sender: FrameParser.Sender
        let bytes: [UInt8]
        let texts: [String]

        var testDescription: String { name }
    }

    /// RFC 6455 5.7, and what it leaves out.
    static let vectors = [
        Vector(
            name: "unmasked text", sender: .server, bytes: [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f], texts: ["Hello"]),
        Vector(
            name: "masked text", sender: .client,
            bytes: [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58], texts: ["Hello"]),
        Vector(
            name: "fragmented text", sender: .server, bytes: [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f],
            texts: ["Hel", "lo"]),
        Vector(
            name: "ping and masked pong", sender: .server, bytes: [0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f],
            texts: ["Hello"]),
        Vector(
            name: "masked pong", sender: .client,
            bytes: [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58], texts: ["Hello"]),
        Vector(
            name: "256 bytes", sender: .server, bytes: [0x82, 0x7e, 0x01, 0x00] + [UInt8](repeating: 0x61, count: 256),
            texts: [String(repeating: "a", count: 256)]),
        Vector(
            name: "64 KiB", sender: .server,
            bytes: [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0] + [UInt8](repeating: 0x61, count: 65536),
            texts: [String(repeating: "a", count: 65536)]),
        Vector(
            name: "empty frames", sender: .client,
            bytes: rawFrame(0x01, key: exampleKey) + rawFrame(0x00, key: exampleKey) + rawFrame(0x80, key: exampleKey)
                + rawFrame(0x82, key: exampleKey), texts: ["", "", "", ""]),
        Vector(
            name: "controls inside a message", sender: .client,
            bytes: rawFrame(0x01, Array("a".utf8), key: exampleKey)
                + rawFrame(0x89, Array("b".utf8), key: MaskingKey.none)
                + rawFrame(0x00, Array("c".utf8), key: MaskingKey.none) + rawFrame(0x8a, key: exampleKey)
                + rawFrame(0x80, Array("d".utf8), key: exampleKey), texts: ["a", "b", "c", "", "d"]),
        Vector(
            name: "a character cut by fragments and a ping", sender: .client,
            bytes: rawFrame(0x01, [0x61, 0xf0, 0x9f], key: exampleKey) + rawFrame(0x89, [0xff], key: exampleKey)
                + rawFrame(0x00, key: exampleKey) + rawFrame(0x00, [0x98], key: exampleKey)
                + rawFrame(0x80, [0x80], key: exampleKey),
            texts: ["a\u{fffd}", "\u{fffd}", "", "\u{fffd}", "\u{fffd}"]),
        Vector(
            name: "longest control, close", sender: .client,
            bytes: rawFrame(0x89, [UInt8](repeating: 0x62, count: 125), key: exampleKey)
                + rawFrame(0x88, [0x03, 0xe8] + Array("bye".utf8), key: exampleKey),
            texts: [String(repeating: "b", count: 125), "\u{3}\u{fffd}bye"]),
        Vector(
            name: "boundaries of the length forms", sender: .client,
            bytes: [125, 126, 127, 65535, 65536].flatMap {
                rawFrame(0x82, [UInt8](repeating: 0x63, count: $0), key: exampleKey)
            },
            texts: [125, 126, 127, 65535, 65536].map { String(repeating: "c", count: $0) }),
    ]

    @Test("RFC 6455 5.7 vectors, whole, cut at every place, and a byte at a time", arguments: vectors)
    func vector(vector: Vector) {
        let whole = Transcript.of([vector.bytes], from: vector.sender)
        #expect(whole.error == nil)
        #expect(whole.texts == vector.texts)
        #expect(whole.taken == vector.bytes.count)
        #expect(whole.pending.isEmpty)
        for way in pieces(of: vector.bytes) {
            #expect(Transcript.of(way, from: vector.sender) == whole)
        }
    }

    @Test func `a header tells its frame, and a message ends with its last frame`() {
        let bytes =
            rawFrame(0x01, Array("a".utf8), key: exampleKey) + rawFrame(0x80, Array("b".utf8), key: MaskingKey.none)
        #expect(
            Transcript.of([bytes], from: .client).entries == [
                .frame(FrameHeader(isFinal: false, opcode: .text, payloadLength: 1, maskingKey: exampleKey)),
                .data([0x61], endsMessage: false),
                .frame(
                    FrameHeader(isFinal: true, opcode: .continuation, payloadLength: 1, maskingKey: MaskingKey.none)),
                .data([0x62], endsMessage: true),
            ])
    }

    @Test func `the parser knows whether a message is open`() throws {
        var parser = FrameParser(sender: .server, limits: Transcript.limits)
        #expect(!parser.isInsideMessage)
        var seen: [Bool] = []
        for byte in [0x01, 0x01, 0x61, 0x89, 0x01, 0x62, 0x80, 0x00] as [UInt8] {
            var offset = 0
            let piece = [byte]
            while try parser.next(in: piece.span, at: &offset) != nil {}
            #expect(offset == 1)
            seen.append(parser.isInsideMessage)
        }
        #expect(seen == [false, true, true, true, true, true, true, false])
    }

    @Test func `payload of a long frame is handed on as it comes, with its key turned`() throws {
        var parser = FrameParser(sender: .client, limits: Transcript.limits)
        let header = rawFrame(0x82, key: exampleKey, declared: 10)
        var offset = 0
        let begin = try parser.next(in: header.span, at: &offset)
        #expect(begin != nil)
        let none = try parser.next(in: header.span, at: &offset)
        #expect(none == nil)
        let chunk: [UInt8] = [1, 2, 3, 4, 5]
        offset = 0
        let first = try parser.next(in: chunk.span, at: &offset)
        #expect(first == .payload(0..<5, key: exampleKey, endsFrame: false, endsMessage: false))
        offset = 0
        let second = try parser.next(in: chunk.span, at: &offset)
        #expect(second == .payload(0..<5, key: exampleKey.rotated(by: 5), endsFrame: true, endsMessage: true))
    }

    struct Violation: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        var sender = FrameParser.Sender.client
        /// The byte that gives it away; nil: the last one.
        var foundAt: Int?

        var testDescription: String { name }
    }

    private static let key = exampleKey

    static let violations: [Violation] = [
        Violation(name: "H19 unmasked client frame", bytes: rawFrame(0x81, [0x61]), foundAt: 1),
        Violation(
            name: "H19 masked server frame", bytes: rawFrame(0x81, [0x61], key: key), sender: .server, foundAt: 1),
        Violation(name: "H19 RSV1", bytes: rawFrame(0xc1, [0x61], key: key), foundAt: 1),
        Violation(name: "H19 RSV2", bytes: rawFrame(0xa1, [0x61], key: key), foundAt: 1),
        Violation(name: "H19 RSV3", bytes: rawFrame(0x91, [0x61], key: key), foundAt: 1),
        Violation(name: "H19 RSV1 on a control frame", bytes: rawFrame(0xc9, [0x61], key: key), foundAt: 1),
        Violation(name: "H19 fragmented ping", bytes: rawFrame(0x09, [0x61], key: key), foundAt: 1),
        Violation(name: "H19 fragmented close", bytes: rawFrame(0x08, key: key), foundAt: 1),
        Violation(
            name: "H19 ping of 126 bytes", bytes: rawFrame(0x89, [UInt8](repeating: 0, count: 126), key: key),
            foundAt: 1),
        Violation(name: "H19 close of 64 KiB", bytes: rawFrame(0x88, key: key, declared: 65536), foundAt: 1),
        Violation(name: "H19 continuation without a start", bytes: rawFrame(0x80, [0x61], key: key), foundAt: 1),
        Violation(
            name: "H19 continuation after the end", bytes: rawFrame(0x82, key: key) + rawFrame(0x80, [0x61], key: key),
            foundAt: 7),
        Violation(
            name: "H19 a start inside a message", bytes: rawFrame(0x01, key: key) + rawFrame(0x81, [0x61], key: key),
            foundAt: 7),
        Violation(
            name: "H15 127-length with its top bit set", bytes: [0x82, 0xff, 0x80] + [UInt8](repeating: 0, count: 11)),
        Violation(name: "H15 the largest 127-length", bytes: [0x82, 0xff] + [UInt8](repeating: 0xff, count: 12)),
        Violation(name: "H15 126-length of 125", bytes: [0x82, 0xfe, 0, 125, 0, 0, 0, 0]),
        Violation(name: "H15 126-length of 0", bytes: [0x82, 0xfe, 0, 0, 0, 0, 0, 0]),
        Violation(name: "H15 127-length of 65535", bytes: [0x82, 0xff, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0]),
        Violation(
            name: "H15 127-length of 0 from a server", bytes: [0x82, 0x7f] + [UInt8](repeating: 0, count: 8),
            sender: .server),
        Violation(name: "close payload of one byte", bytes: rawFrame(0x88, [0x03], key: key)),
        Violation(name: "close code 1005", bytes: rawFrame(0x88, [0x03, 0xed], key: key)),
        Violation(name: "close code 999", bytes: rawFrame(0x88, [0x03, 0xe7], key: key)),
    ]

    @Test(
        "H15 H19 what RFC 6455 forbids is refused at the byte that gives it away, none of it forwarded",
        arguments: violations)
    func violation(violation: Violation) {
        for way in pieces(of: violation.bytes) {
            let transcript = Transcript.of(way, from: violation.sender)
            guard case .protocolViolation = transcript.error else {
                Issue.record("no violation: \(transcript)")
                return
            }
            #expect(transcript.taken == (violation.foundAt ?? violation.bytes.count - 1) + 1)
            #expect(transcript.pending.isEmpty)
            #expect(transcript.texts.allSatisfy { $0.isEmpty })
        }
    }

    @Test("H19 every reserved opcode is refused", arguments: [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] as [UInt8])
    func reservedOpcode(opcode: UInt8) {
        for sender in [FrameParser.Sender.client, .server] {
            let bytes = rawFrame(0x80 | opcode, [0x61], key: sender == .client ? Self.key : nil)
            #expect(Transcript.of([bytes], from: sender).error == .protocolViolation("reserved opcode"))
        }
    }

    @Test("H19 RSV1 means something where it was agreed on, on the first frame of a message, and there alone")
    func compressedBit() {
        let allowed = [rawFrame(0xc1, [0xff], key: Self.key), rawFrame(0xc2, key: Self.key)]
        for bytes in allowed {
            #expect(Transcript.of([bytes], from: .client, compressedBytes: 100).error == nil)
            #expect(Transcript.of([bytes], from: .client).error == .protocolViolation("reserved bit set"))
        }
        let start = rawFrame(0x41, [0xff], key: Self.key)
        let middle = FrameError.protocolViolation("compressed bit in the middle of a message")
        let forbidden: [([UInt8], FrameError)] = [
            (rawFrame(0xe1, key: Self.key), .protocolViolation("reserved bit set")),
            (rawFrame(0xd2, key: Self.key), .protocolViolation("reserved bit set")),
            (start + rawFrame(0xc0, key: Self.key), middle), (start + rawFrame(0x40, key: Self.key), middle),
            (rawFrame(0x01, key: Self.key) + rawFrame(0xc0, key: Self.key), middle),
        ]
        for (bytes, error) in forbidden {
            for way in pieces(of: bytes) {
                #expect(Transcript.of(way, from: .client, compressedBytes: 100).error == error)
            }
        }
        for opcode: UInt8 in [8, 9, 10] {
            let bytes = start + rawFrame(0xc0 | opcode, key: Self.key)
            let error = FrameError.protocolViolation("compressed control frame")
            #expect(Transcript.of([bytes], from: .client, compressedBytes: 100).error == error)
        }
    }

    @Test("H20 the text of a compressed message is for whoever inflates it; the next one is checked again")
    func compressedText() {
        let compressed = rawFrame(0x41, [0xff], key: Self.key) + rawFrame(0x80, [0xc3], key: Self.key)
        let read = Transcript.of([compressed], from: .client, compressedBytes: 100)
        #expect(read.error == nil)
        #expect(
            read.entries.first
                == .frame(
                    FrameHeader(
                        isFinal: false, isCompressed: true, opcode: .text, payloadLength: 1, maskingKey: Self.key)))
        #expect(
            read.entries.dropFirst(2).first
                == .frame(FrameHeader(opcode: .continuation, payloadLength: 1, maskingKey: Self.key)))
        let plain = compressed + rawFrame(0x81, [0xff], key: Self.key)
        #expect(Transcript.of([plain], from: .client, compressedBytes: 100).error == .invalidUTF8)
    }

    @Test("H17 H18 a compressed message has a limit of its own for the bytes as they come")
    func compressedBytes() {
        let limits = MessageLimits(messageBytes: 1000, fragments: 256)
        let start = rawFrame(0x42, [UInt8](repeating: 0, count: 1000), key: Self.key)
        let exact = start + rawFrame(0x80, [UInt8](repeating: 0, count: 189), key: Self.key)
        let plain = rawFrame(0x82, [UInt8](repeating: 0, count: 1000), key: Self.key)
        #expect(limits.compressedBytes == 1189)
        #expect(MessageLimits(messageBytes: .max, fragments: 1).compressedBytes == .max)
        let bytes = exact + plain + exact
        #expect(
            Transcript.of([bytes], from: .client, limits: limits, compressedBytes: limits.compressedBytes).error == nil)
        for over in [
            start + rawFrame(0x80, key: Self.key, declared: 190), exact + rawFrame(0x82, key: Self.key, declared: 1001),
        ] {
            let read = Transcript.of([over], from: .client, limits: limits, compressedBytes: limits.compressedBytes)
            #expect(read.error == .messageTooBig)
        }
    }

    @Test("H16 a length over the limit is refused from the header alone", arguments: [1001, 65536, 4 << 30, Int.max])
    func declaredTooBig(length: Int) {
        let limits = MessageLimits(messageBytes: 1000, fragments: 256)
        let header = rawFrame(0x82, key: Self.key, declared: length)
        for way in pieces(of: header) {
            let transcript = Transcript.of(way, from: .client, limits: limits)
            #expect(transcript.error == .messageTooBig)
            #expect(transcript.entries.isEmpty)
        }
    }

    @Test("H16 a parser's state is inline and small: nothing is made for a payload")
    func inlineState() {
        #expect(MemoryLayout<FrameParser>.size <= 256)
    }

    @Test("H17 fragments count to one limit: exactly the cap passes, one byte more is refused from its header")
    func assembledBytes() {
        let limits = MessageLimits(messageBytes: 1000, fragments: 256)
        let start = rawFrame(0x02, [UInt8](repeating: 0, count: 600), key: Self.key)
        let exact = start + rawFrame(0x80, [UInt8](repeating: 0, count: 400), key: Self.key)
        // The next message has the whole limit again.
        #expect(Transcript.of([exact + exact], from: .client, limits: limits).error == nil)
        let over = Transcript.of([start + rawFrame(0x80, key: Self.key, declared: 401)], from: .client, limits: limits)
        #expect(over.error == .messageTooBig)
        #expect(over.entries.count == 2)
        let overflow = Transcript.of(
            [start + rawFrame(0x80, key: Self.key, declared: .max)], from: .client, limits: limits)
        #expect(overflow.error == .messageTooBig)
    }

    @Test("H17 empty fragments count, controls between them do not")
    func fragments() {
        let limits = MessageLimits(messageBytes: 1000, fragments: 256)
        let empty = rawFrame(0x00, key: Self.key) + rawFrame(0x89, key: Self.key)
        var bytes = rawFrame(0x01, key: Self.key)
        for _ in 0..<254 { bytes += empty }
        #expect(Transcript.of([bytes + rawFrame(0x80, key: Self.key)], from: .client, limits: limits).error == nil)
        bytes += empty
        let over = Transcript.of([bytes + rawFrame(0x80, key: Self.key)], from: .client, limits: limits)
        #expect(over.error == .messageTooBig)
    }

    @Test("H20 bad UTF-8 is found at its first byte, also split across fragments")
    func badText() {
        let cases: [(bytes: [UInt8], at: Int)] = [
            (rawFrame(0x81, [0x61, 0xff, 0x62], key: Self.key), 7), (rawFrame(0x81, [0xc0, 0x80], key: Self.key), 6),
            (rawFrame(0x81, [0xed, 0xa0, 0x80], key: Self.key), 7),
            (rawFrame(0x81, [0xf4, 0x90, 0x80, 0x80], key: Self.key), 7),
            (rawFrame(0x81, [0xe2, 0x82], key: Self.key), 7),
            (rawFrame(0x01, [0xe2, 0x82], key: Self.key) + rawFrame(0x80, [0x41], key: Self.key), 14),
            (rawFrame(0x01, [0xe2], key: Self.key) + rawFrame(0x00, key: Self.key) + rawFrame(0x80, key: Self.key), 18),
            (rawFrame(0x88, [0x03, 0xe8, 0x61, 0xff], key: Self.key), 9),
        ]
        for (bytes, place) in cases {
            let single = Transcript.of(bytes.map { [$0] }, from: .client)
            #expect(single.error == .invalidUTF8)
            #expect(single.taken >= place && single.taken <= place + 1)
            for way in pieces(of: bytes) { #expect(Transcript.of(way, from: .client).error == .invalidUTF8) }
        }
    }

    @Test("H20 binary messages are not read as text, and each text begins anew")
    func notText() {
        let bytes =
            rawFrame(0x82, [0xff, 0xfe], key: Self.key) + rawFrame(0x02, [0xc3], key: Self.key)
            + rawFrame(0x80, [0x41], key: Self.key) + rawFrame(0x81, [0xc3, 0xa9], key: Self.key)
        #expect(Transcript.of([bytes], from: .client).error == nil)
    }

    @Test func `random bytes give events or an error, the same in all cuts, never a trap`() {
        var generator = SeededGenerator(seed: 57)
        let limits = MessageLimits(messageBytes: 300, fragments: 5)
        for _ in 0..<5_000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let first: UInt8 = [0x81, 0x82, 0x01, 0x00, 0x80, 0x89, 0x88].randomElement(using: &generator) ?? 0x81
                let payload = (0..<Int.random(in: 0...140, using: &generator)).map { _ in
                    UInt8.random(in: 0x20...0x7f, using: &generator)
                }
                bytes += rawFrame(
                    first, payload, key: MaskingKey(bits: UInt32.random(in: 0...(.max), using: &generator)))
            }
            if Bool.random(using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            let whole = Transcript.of([bytes], from: .client, limits: limits)
            let cut = Int.random(in: 0...bytes.count, using: &generator)
            for way in [bytes.map { [$0] }, [Array(bytes[..<cut]), Array(bytes[cut...])]] {
                let parts = Transcript.of(way, from: .client, limits: limits)
                #expect(parts.error == whole.error)
                #expect(parts.entries == whole.entries)
            }
        }
    }
}
