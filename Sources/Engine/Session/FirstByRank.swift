/// Those of many elements that rank highest, with room for so many and no more: a heap whose root is the lowest of them.
struct FirstByRank<Element> {
    private let limit: Int
    private var heap: [(rank: Int64, element: Element)] = []

    init(limit: Int) {
        self.limit = max(0, limit)
    }

    /// The highest first.
    var sorted: [(rank: Int64, element: Element)] { heap.sorted { $0.rank > $1.rank } }

    mutating func insert(_ element: Element, rank: Int64) {
        if heap.count < limit {
            heap.append((rank, element))
            siftUp(heap.count - 1)
        } else if let lowest = heap.first, lowest.rank < rank {
            heap[0] = (rank, element)
            siftDown()
        }
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0, heap[index].rank < heap[(index - 1) / 2].rank {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func siftDown() {
        var index = 0
        while true {
            let children = (2 * index + 1)..<min(2 * index + 3, max(2 * index + 1, heap.count))
            guard let child = children.min(by: { heap[$0].rank < heap[$1].rank }), heap[child].rank < heap[index].rank
            else { return }
            heap.swapAt(index, child)
            index = child
        }
    }
}
