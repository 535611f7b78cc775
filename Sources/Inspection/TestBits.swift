/// Which of a row of tests hold. Used again from message to message: in the steady state it costs no allocation.
package struct TestBits: Sendable, Hashable {
    /// Bit i % 64 of word i / 64 says whether test i holds. Bits past `count` are 0.
    package private(set) var words: [UInt64] = []
    /// Tests that there are.
    package private(set) var count = 0

    package init() {}

    /// As many as `count` tests, none of which holds. Memory that is there is kept.
    package mutating func reset(count: Int) {
        self.count = max(0, count)
        let needed = (self.count + 63) / 64
        while words.count > needed { words.removeLast() }
        for index in 0..<words.count { words[index] = 0 }
        while words.count < needed { words.append(0) }
    }

    /// Whether test `index` holds: never for one that there is not.
    package subscript(index: Int) -> Bool {
        guard index >= 0, index < count else { return false }
        return words[index / 64] >> UInt64(index % 64) & 1 != 0
    }

    /// Test `index` holds. There must be such a test.
    package mutating func insert(_ index: Int) {
        precondition(index >= 0 && index < count, "no such test")
        words[index / 64] |= 1 << UInt64(index % 64)
    }

    /// Whether no test holds.
    package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    /// Calls `body` with each test that holds, in order.
    package func forEachSet(_ body: (Int) -> Void) {
        for word in 0..<words.count {
            var rest = words[word]
            while rest != 0 {
                body(word * 64 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
    }

    /// Lends the words to what sets bits of them, and only such as there are tests for.
    mutating func withWords<Result>(_ body: (inout MutableSpan<UInt64>) -> Result) -> Result {
        var span = words.mutableSpan
        return body(&span)
    }
}

// MARK: - Rows of tests as sets

extension TestBits {
    /// Those of `other` that are in `mask`, too. All have room for the same tests.
    package mutating func assign(_ other: TestBits, within mask: TestBits) {
        reset(count: other.count)
        formUnion(other, within: mask)
    }

    /// Adds those of `other` that are in `mask`, too.
    package mutating func formUnion(_ other: TestBits, within mask: TestBits) {
        for index in 0..<min(words.count, other.words.count, mask.words.count) {
            words[index] |= other.words[index] & mask.words[index]
        }
    }

    /// Whether any test holds in both.
    package func intersects(_ other: TestBits) -> Bool {
        for index in 0..<min(words.count, other.words.count) where words[index] & other.words[index] != 0 {
            return true
        }
        return false
    }

    /// No test before `index` holds.
    package mutating func removeAll(below index: Int) {
        guard index > 0 else { return }
        for word in 0..<min(words.count, index / 64) { words[word] = 0 }
        if index / 64 < words.count { words[index / 64] &= ~0 << UInt64(index % 64) }
    }

    /// Takes out the first test that holds; nil where none does.
    package mutating func removeFirst() -> Int? {
        for index in words.indices where words[index] != 0 {
            let bit = words[index].trailingZeroBitCount
            words[index] &= words[index] - 1
            return index * 64 + bit
        }
        return nil
    }
}
