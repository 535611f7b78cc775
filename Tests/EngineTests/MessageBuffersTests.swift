import Testing

@testable import Engine

@Suite struct MessageBuffersTests {
    @Test("lends what was given back, emptied")
    func reuse() {
        var buffers = MessageBuffers()
        #expect(buffers.take().capacity == 0)
        buffers.give([UInt8](repeating: 1, count: 5000))
        let taken = buffers.take()
        #expect(taken.isEmpty && taken.capacity >= 5000)
        #expect(buffers.take().capacity == 0)
    }

    @Test("keeps none without capacity and none over 1 MiB", arguments: [0, 1024 * 1024 + 1])
    func notKept(count: Int) {
        var buffers = MessageBuffers()
        buffers.give([UInt8](repeating: 0, count: count))
        #expect(buffers.take().capacity == 0)
    }

    @Test("keeps 64")
    func bound() {
        var buffers = MessageBuffers()
        for _ in 0..<100 { buffers.give([1]) }
        var kept = 0
        while buffers.take().capacity > 0 { kept += 1 }
        #expect(kept == 64)
    }
}
