import Testing

@testable import Compression

struct SharedStreamsTests {
    @Test func `each stream is made once, when it is first needed`() throws {
        let streams = SharedStreams()
        #expect(streams.allocatedBytes == 0)
        let inflater = try streams.inflater()
        #expect(try streams.inflater() === inflater)
        let deflater = try streams.deflater(windowBits: 12, level: 3)
        #expect(try streams.deflater(windowBits: 12, level: 9) === deflater)
        #expect(try streams.deflater(windowBits: 13, level: 3) !== deflater)
        #expect(streams.allocatedBytes > inflater.inflater.allocatedBytes + deflater.deflater.allocatedBytes)
    }

    @Test(arguments: [-1, 0, 8, 16, Int.max])
    func `a window that zlib cannot deflate with is not supported`(bits: Int) {
        #expect(throws: CompressionError.unsupported) { _ = try SharedStreams().deflater(windowBits: bits, level: 6) }
    }

    @Test("H18 all that a worker can ever share is bounded")
    func bound() throws {
        let streams = SharedStreams()
        for bits in 9...15 { _ = try streams.deflater(windowBits: bits, level: 6) }
        var output: [UInt8] = []
        try streams.inflater().inflater.inflate(stored([1]).span, into: &output, limit: 10, keepsContext: false)
        #expect(streams.allocatedBytes < 640 * 1024)
    }
}
