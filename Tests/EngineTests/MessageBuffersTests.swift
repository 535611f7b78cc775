import Testing

@testable import Engine

@Suite struct MessageBuffersTests {
    @Test("lends what was given back, emptied")
    func reuse() {
        var buffers = MessageBuffers()
        #expect(buffers.take().capacity == 0)
        var buffer = [UInt8](repeating: 1, count: 5000)
        buffers.give(&buffer)
        #expect(buffer.capacity == 0)
        let taken = buffers.take()
        #expect(taken.isEmpty && taken.capacity >= 5000)
        #expect(buffers.take().capacity == 0)
    }

    @Test("the loan and the return cost nothing: the same memory goes round")
    func round() {
        var buffers = MessageBuffers()
        var first = [UInt8](repeating: 1, count: 5000)
        buffers.give(&first)
        func lendAndReturn() {
            var buffer = buffers.take()
            buffer.append(7)
            buffers.give(&buffer)
        }
        // The runtime makes its tables at the first use of a type.
        lendAndReturn()
        let count = allocations {
            for _ in 0..<100 { lendAndReturn() }
        }
        #expect(count == nil || count == 0)
    }

    @Test("keeps none without capacity and none over 256 KiB", arguments: [0, 256 * 1024 + 1])
    func notKept(count: Int) {
        var buffers = MessageBuffers()
        var buffer = [UInt8](repeating: 0, count: count)
        buffers.give(&buffer)
        #expect(buffers.take().capacity == 0)
    }

    @Test("keeps 64")
    func bound() {
        var buffers = MessageBuffers()
        for _ in 0..<100 {
            var buffer: [UInt8] = [1]
            buffers.give(&buffer)
        }
        var kept = 0
        while buffers.take().capacity > 0 { kept += 1 }
        #expect(kept == 64)
    }
}
