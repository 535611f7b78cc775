import Testing

@testable import Compression

struct DeflaterTests {
    private static let text = Array(String(repeating: "one portcullis, two portcullises; ", count: 30).utf8)

    private static func deflate(
        _ deflater: inout Deflater, _ message: [UInt8], level: Int = 6, keepsContext: Bool = true
    ) -> [UInt8]? {
        var output: [UInt8] = [7]
        guard deflater.deflate(message.span, into: &output, level: level, keepsContext: keepsContext) else {
            #expect(output == [7])
            return nil
        }
        return Array(output.dropFirst())
    }

    @Test("what is deflated inflates again, at every level and window", arguments: 9...15, 1...9)
    func roundTrip(bits: Int, level: Int) throws {
        var deflater = try Deflater(windowBits: bits, level: level)
        var inflater = try Inflater(windowBits: bits)
        let messages = [Self.text, Self.text, [UInt8](repeating: 0, count: 70_000), Self.text + noise(100) + Self.text]
        var lengths: [Int] = []
        for keepsContext in [true, false] {
            for message in messages {
                let compressed = try #require(
                    Self.deflate(&deflater, message, level: level, keepsContext: keepsContext))
                #expect(compressed.count < message.count)
                lengths.append(compressed.count)
                var output: [UInt8] = []
                // A peer that keeps its context takes messages that were begun anew as well.
                try inflater.inflate(compressed.span, into: &output, limit: message.count, keepsContext: true)
                #expect(output == message)
            }
        }
        // The second message refers to the first where it may.
        #expect(lengths[1] < lengths[0])
        #expect(lengths[5] == lengths[4])
        #expect(lengths[4] == lengths[0])
    }

    @Test("RFC 7692 7.2.3.2: with context a message that comes again takes hardly anything")
    func again() throws {
        var deflater = try Deflater(windowBits: 15, level: 6)
        let message = Array("Hello Hello Hello".utf8)
        let first = try #require(Self.deflate(&deflater, message))
        let second = try #require(Self.deflate(&deflater, message))
        #expect(second.count < first.count)
    }

    @Test("what does not get shorter is given up, and leaves nothing that the next message could refer to")
    func noGain() throws {
        var deflater = try Deflater(windowBits: 15, level: 6)
        let first = try #require(Self.deflate(&deflater, Self.text))
        let random = noise(1000)
        for hopeless in [[], [0x61], random, noise(40_000)] { #expect(Self.deflate(&deflater, hopeless) == nil) }
        #expect(Self.deflate(&deflater, Self.text) == first)
        // The peer has never seen the noise: it may not be referred to.
        #expect(Self.deflate(&deflater, random) == nil)
    }

    @Test func `the level may change between messages`() throws {
        var deflater = try Deflater(windowBits: 12, level: 1)
        var inflater = try Inflater(windowBits: 12)
        for level in [1, 9, 3, 6, 1] {
            let compressed = try #require(Self.deflate(&deflater, Self.text, level: level, keepsContext: false))
            var output: [UInt8] = []
            try inflater.inflate(compressed.span, into: &output, limit: .max, keepsContext: false)
            #expect(output == Self.text)
        }
    }

    @Test(
        "H18 a deflater costs 8 times its window and a few KiB, whatever it deflates", arguments: 9...15)
    func memory(bits: Int) throws {
        var deflater = try Deflater(windowBits: bits, level: 9)
        let before = deflater.allocatedBytes
        #expect(before <= (8 << bits) + 8 * 1024)
        for message in [Self.text, noise(70_000), [UInt8](repeating: 1, count: 200_000)] {
            _ = Self.deflate(&deflater, message, level: 9)
        }
        #expect(deflater.allocatedBytes == before)
    }

    @Test func `zlib without memory is an error`() {
        #expect(throws: CompressionError.outOfMemory) { _ = try Deflater(windowBits: 15, level: 6, allowance: 1000) }
        #expect(throws: CompressionError.outOfMemory) { _ = try Deflater(windowBits: 15, level: 6, allowance: 100_000) }
    }

    @Test(arguments: [(8, 6), (16, 6), (0, 6), (15, 0), (15, 10), (15, -1)])
    func `settings that zlib does not have are not supported`(bits: Int, level: Int) {
        #expect(throws: CompressionError.unsupported) { _ = try Deflater(windowBits: bits, level: level) }
    }
}
