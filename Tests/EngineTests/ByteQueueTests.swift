import Testing

@testable import Engine

extension ByteQueue {
    fileprivate var bytes: [UInt8] { unsafe withBytes { unsafe Array($0) } }
}

@Suite struct ByteQueueTests {
    @Test("gives back what was put in, in order, through growth and compaction", arguments: 1...16)
    func differential(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        var queue = ByteQueue(pool: BufferPool())
        var model: [UInt8] = []
        var next: UInt8 = 0
        for _ in 0..<600 {
            if Bool.random(using: &random) {
                let count = Int.random(in: 0...(Bool.random(using: &random) ? 64 : 6000), using: &random)
                let added = (0..<count).map { next &+ UInt8(truncatingIfNeeded: $0) }
                next &+= UInt8(truncatingIfNeeded: count)
                if Bool.random(using: &random) {
                    queue.append(added)
                } else {
                    queue.append(count) { span in
                        for index in added.indices { span[index] = added[index] }
                    }
                }
                model += added
            } else {
                let count = Int.random(in: 0...(model.count + 3), using: &random)
                queue.drop(count)
                model.removeFirst(min(count, model.count))
            }
            let (count, isEmpty, bytes) = (queue.count, queue.isEmpty, queue.bytes)
            #expect(count == model.count && isEmpty == model.isEmpty && bytes == model)
        }
    }

    @Test("an empty queue holds no memory")
    func empty() throws {
        let pool = BufferPool()
        var queue = ByteQueue(pool: pool)
        let first = unsafe pool.take(atLeast: 1)
        unsafe pool.give(first)
        queue.append([1, 2, 3])
        queue.drop(3)
        // The queue's buffer was the pool's only one, and is there again.
        let second = unsafe pool.take(atLeast: 1)
        #expect(unsafe first.baseAddress == second.baseAddress)
        unsafe pool.give(second)
        queue.append([4])
        queue.release()
        queue.release()
        let isEmpty = queue.isEmpty
        #expect(isEmpty)
        let third = unsafe pool.take(atLeast: 1)
        #expect(unsafe first.baseAddress == third.baseAddress)
        unsafe pool.give(third)
    }

    @Test("what its writer gives up on is not in it")
    func failure() {
        struct Broken: Error {}
        var queue = ByteQueue(pool: BufferPool())
        queue.append([1, 2])
        do throws(Broken) {
            try queue.append(10) { (span: inout MutableSpan<UInt8>) throws(Broken) in
                span[0] = 9
                throw Broken()
            }
            Issue.record("the error was lost")
        } catch {}
        queue.append([3])
        let bytes = queue.bytes
        #expect(bytes == [1, 2, 3])
    }
}
