import Testing

@testable import Compression

struct InflaterTests {
    private static func inflate(
        _ messages: [[UInt8]], windowBits: Int = 15, limit: Int = 1 << 20, keepsContext: Bool = true
    ) throws(CompressionError) -> [[UInt8]] {
        var inflater = try Inflater(windowBits: windowBits)
        var inflated: [[UInt8]] = []
        for message in messages {
            var output: [UInt8] = []
            try inflater.inflate(message.span, into: &output, limit: limit, keepsContext: keepsContext)
            inflated.append(output)
        }
        return inflated
    }

    private static let hello = Array("Hello".utf8)
    private static let compressedHello: [UInt8] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]

    @Test(
        "the examples of RFC 7692 7.2.3",
        arguments: [
            // 7.2.3.1: a message of one block.
            ([compressedHello], [hello]),
            // 7.2.3.2: the window is shared by two messages.
            ([compressedHello, [0xf2, 0x00, 0x11, 0x00, 0x00]], [hello, hello]),
            // 7.2.3.3: a block without compression.
            ([[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]], [hello]),
            // 7.2.3.4: a final block.
            ([[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]], [hello]),
            // 7.2.3.5: two blocks in a message.
            ([[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00]], [hello]),
            // 7.2.3.6: an empty message.
            ([[0x00]], [[]]), ([[0x00], compressedHello, [0x00]], [[], hello, []]),
        ])
    func examples(messages: [[UInt8]], expected: [[UInt8]]) throws {
        #expect(try Self.inflate(messages) == expected)
    }

    @Test func `a final block ends neither the message nor the context`() throws {
        let final: [UInt8] = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]
        let more: [UInt8] = [0xf2, 0x00, 0x11, 0x00, 0x00]
        #expect(try Self.inflate([final + final + [0x00]]) == [Self.hello + Self.hello])
        // What comes behind it, and the next message too, may refer to what stood before.
        #expect(try Self.inflate([final + more]) == [Self.hello + Self.hello])
        #expect(try Self.inflate([final + [0x00], more, more]) == [Self.hello, Self.hello, Self.hello])
    }

    @Test func `a final block is told of`() throws {
        var inflater = try Inflater(windowBits: 15)
        let final: [UInt8] = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]
        for (message, expected) in [
            (Self.compressedHello, false), (final + [0x00], true), ([0x00], false),
            (final + Self.compressedHello, true),
            (Self.compressedHello, false),
        ] {
            var output: [UInt8] = []
            try inflater.inflate(message.span, into: &output, limit: 100, keepsContext: true)
            #expect(inflater.hadFinalBlock == expected)
        }
    }

    @Test func `a message may be nothing but final blocks`() throws {
        let blocks = [UInt8]((0..<8192).map { $0 % 2 == 0 ? 0x03 : 0x00 })
        #expect(try Self.inflate([blocks + [0x00], Self.compressedHello]) == [[], Self.hello])
        #expect(try Self.inflate([blocks + Self.compressedHello], limit: 5) == [Self.hello])
    }

    @Test("without context no message refers to the one before it")
    func withoutContext() throws {
        let again: [UInt8] = [0xf2, 0x00, 0x11, 0x00, 0x00]
        #expect(throws: CompressionError.malformed) {
            try Self.inflate([Self.compressedHello, again], keepsContext: false)
        }
        #expect(
            try Self.inflate([Self.compressedHello, Self.compressedHello], keepsContext: false) == [
                Self.hello, Self.hello,
            ])
    }

    @Test(
        "what is no message is refused",
        arguments: [
            // Nothing at all: the tail alone is no block.
            [],
            // A reserved block type, a broken length, and codes that say nothing.
            [0x06], [0x00, 0x05, 0x00, 0xfa, 0xfe, 0x48], [0x04, 0xff, 0xff, 0xff, 0xff],
            // Further back than the message reaches.
            [0xf2, 0x00, 0x11, 0x00, 0x00],
            // An end in the middle of a block: the tail is taken for its data.
            [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c], [0xf2, 0x48, 0xcd, 0xc9],
            [0x00, 0x09, 0x00, 0xf6, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f],
            // A final block without the octet behind it.
            [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00],
            // The tail was sent along, and one octet of it too many.
            [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00, 0x00, 0xff],
        ] as [[UInt8]])
    func malformed(message: [UInt8]) throws {
        #expect(throws: CompressionError.malformed) { try Self.inflate([message]) }
    }

    @Test func `after an error nothing of the same direction is read, and another one begins anew`() throws {
        var inflater = try Inflater(windowBits: 15)
        var output: [UInt8] = []
        #expect(throws: CompressionError.malformed) {
            try inflater.inflate([0x06].span, into: &output, limit: 100, keepsContext: true)
        }
        #expect(throws: CompressionError.malformed) {
            try inflater.inflate(Self.compressedHello.span, into: &output, limit: 100, keepsContext: true)
        }
        output = []
        try inflater.inflate(Self.compressedHello.span, into: &output, limit: 100, keepsContext: false)
        #expect(output == Self.hello)
    }

    @Test func `after a message that was too long nothing of the same direction is read either`() throws {
        var inflater = try Inflater(windowBits: 15)
        var output: [UInt8] = []
        #expect(throws: CompressionError.tooLong) {
            try inflater.inflate(stored(Self.hello).span, into: &output, limit: 4, keepsContext: true)
        }
        #expect(throws: CompressionError.malformed) {
            try inflater.inflate([0x00].span, into: &output, limit: 100, keepsContext: true)
        }
    }

    @Test func `what is there stays, and what is inflated comes behind it`() throws {
        var inflater = try Inflater(windowBits: 15)
        var output: [UInt8] = [1, 2]
        try inflater.inflate(Self.compressedHello.span, into: &output, limit: 5, keepsContext: true)
        #expect(output == [1, 2] + Self.hello)
    }

    @Test(
        "H18 the cap counts while inflating: exactly the cap passes, one byte more is too long",
        arguments: [0, 1, 4095, 4096, 4097, 65536, 70_000])
    func cap(length: Int) throws {
        for (message, name) in [
            ([UInt8](repeating: 0x61, count: length), "zeros"), (noise(length), "noise"),
        ] {
            let compressed = try deflated([message])[0]
            for limit in [length, length + 1, Int.max] {
                #expect(try Self.inflate([compressed], limit: limit) == [message], "\(name)")
            }
            guard length > 0 else { continue }
            var inflater = try Inflater(windowBits: 15)
            var output: [UInt8] = []
            #expect(throws: CompressionError.tooLong) {
                try inflater.inflate(compressed.span, into: &output, limit: length - 1, keepsContext: true)
            }
            #expect(output.count <= length - 1)
        }
    }

    @Test("H18 a message that inflates a thousandfold is given up at the cap")
    func bomb() throws {
        let bomb = try deflated([[UInt8](repeating: 0, count: 16 << 20)])[0]
        #expect(bomb.count < 20_000)
        var inflater = try Inflater(windowBits: 15)
        var output: [UInt8] = []
        #expect(throws: CompressionError.tooLong) {
            try inflater.inflate(bomb.span, into: &output, limit: 65536, keepsContext: false)
        }
        #expect(output.count <= 65536)
        #expect(output.capacity <= 4 * 65536)
    }

    @Test("what a message refers back to in those before it is in the window, or refused", arguments: 8...15)
    func window(bits: Int) throws {
        // A text that comes again after as many other bytes as the window has, or as many and one.
        let word = Array("portcullis".utf8)
        let near = noise((1 << bits) - word.count)
        let messages = [stored(word), stored(near), reference(to: word.count, at: 1 << bits)]
        #expect(try Self.inflate(messages, windowBits: bits) == [word, near, word])
        guard bits < 15 else { return }
        let far = [stored(word), stored(near + [0]), reference(to: word.count, at: 1 << bits + 1)]
        #expect(throws: CompressionError.malformed) { try Self.inflate(far, windowBits: bits) }
        #expect(try Self.inflate(far, windowBits: bits + 1) == [word, near + [0], word])
    }

    @Test("H18 an inflater costs what is documented", arguments: 8...15)
    func memory(bits: Int) throws {
        var inflater = try Inflater(windowBits: bits)
        let before = inflater.allocatedBytes
        #expect(before <= 8 * 1024)
        for message in [stored(noise(40_000)), stored(noise(1000))] {
            var output: [UInt8] = []
            try inflater.inflate(message.span, into: &output, limit: 1 << 20, keepsContext: true)
        }
        #expect(inflater.allocatedBytes <= before + (1 << bits))
    }

    @Test func `zlib without memory is an error, at its beginning and at its first message`() throws {
        #expect(throws: CompressionError.outOfMemory) { _ = try Inflater(windowBits: 15, allowance: 100) }
        let needed = try Inflater(windowBits: 15).allocatedBytes
        var inflater = try Inflater(windowBits: 15, allowance: needed)
        var output: [UInt8] = []
        #expect(throws: CompressionError.outOfMemory) {
            try inflater.inflate(Self.compressedHello.span, into: &output, limit: 100, keepsContext: true)
        }
    }

    @Test(arguments: [-1, 0, 7, 16, Int.max])
    func `a window that deflate does not have is not supported`(bits: Int) {
        #expect(throws: CompressionError.unsupported) { _ = try Inflater(windowBits: bits) }
    }

    @Test func `random bytes inflate or are refused, within the cap`() throws {
        var generator = SeededGenerator(seed: 7692)
        var inflater = try Inflater(windowBits: 15)
        for _ in 0..<3000 {
            var bytes = noise(Int.random(in: 0...60, using: &generator), seed: generator.next())
            if Bool.random(using: &generator) {
                bytes = Self.compressedHello + bytes
            }
            var output: [UInt8] = []
            let limit = Int.random(in: 0...2000, using: &generator)
            try? inflater.inflate(bytes.span, into: &output, limit: limit, keepsContext: false)
            #expect(output.count <= limit)
        }
    }
}
