import Testing

@testable import Middleware

@Suite struct QueueTests {
    @Test("who comes first is taken first, however many have been taken before", arguments: [1, 31, 32, 33, 1000])
    func order(_ ahead: Int) {
        var queue = Queue<Int>()
        for number in 0..<ahead { queue.append(number) }
        var taken: [Int] = []
        for number in 0..<3000 {
            queue.append(ahead + number)
            if let first = queue.popFirst() { taken.append(first) }
        }
        #expect(queue.count == ahead)
        #expect(queue.first == 3000)
        while let first = queue.popFirst() { taken.append(first) }
        #expect(taken == Array(0..<(3000 + ahead)))
        #expect(queue.count == 0 && queue.first == nil)
        #expect(queue.popFirst() == nil)
        queue.append(7)
        #expect(queue.popFirst() == 7)
    }

    @Test("what has been taken is not held")
    func release() {
        final class Item {}
        var queue = Queue<Item>()
        weak var held: Item?
        do {
            let item = Item()
            held = item
            queue.append(item)
            queue.append(Item())
        }
        #expect(held != nil)
        queue.popFirst()
        #expect(held == nil && queue.count == 1)
    }
}
