import Testing

@testable import Engine

@Suite struct BufferPoolTests {
    @Test(
        "a power of two that is enough",
        arguments: [(0, 4096), (1, 4096), (4096, 4096), (4097, 8192), (1 << 20, 1 << 20)])
    func capacity(count: Int, expected: Int) {
        let pool = BufferPool()
        let buffer = unsafe pool.take(atLeast: count)
        let capacity = buffer.count
        #expect(capacity == expected)
        unsafe pool.give(buffer)
    }

    @Test("what is given back is lent again, to those of its size")
    func reuse() {
        let pool = BufferPool()
        let small = unsafe pool.take(atLeast: 4096)
        let large = unsafe pool.take(atLeast: 8192)
        #expect(unsafe small.baseAddress != large.baseAddress)
        unsafe pool.give(small)
        unsafe pool.give(large)
        let again = unsafe pool.take(atLeast: 5000)
        #expect(unsafe again.baseAddress == large.baseAddress)
        let smallAgain = unsafe pool.take(atLeast: 10)
        #expect(unsafe smallAgain.baseAddress == small.baseAddress)
        unsafe pool.give(again)
        unsafe pool.give(smallAgain)
    }

    @Test("no more than 8 MiB of one size are kept")
    func bound() {
        let pool = BufferPool()
        let size = 4 * 1024 * 1024
        let buffers = unsafe (0..<3).map { _ in unsafe pool.take(atLeast: size) }
        for index in unsafe buffers.indices { unsafe pool.give(buffers[index]) }
        let count = allocations {
            for _ in 0..<3 { unsafe pool.take(atLeast: size).deallocate() }
        }
        #expect(count == nil || count == 1)
    }

    @Test("nothing is not a buffer")
    func nothing() {
        unsafe BufferPool().give(UnsafeMutableRawBufferPointer(start: nil, count: 0))
    }
}
