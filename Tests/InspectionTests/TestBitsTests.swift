import CAllocationCount
import Inspection
import Testing

@Suite struct TestBitsTests {
    @Test("what was put in is in, and nothing else", arguments: [1, 2, 63, 64, 65, 128, 129, 1000])
    func insertion(_ count: Int) {
        var bits = TestBits()
        bits.reset(count: count)
        #expect(bits.count == count)
        #expect(bits.words.count == (count + 63) / 64)
        #expect(bits.isEmpty)
        let chosen = Set((0..<count).filter { $0 % 7 == 0 || $0 == count - 1 })
        for index in chosen { bits.insert(index) }
        for index in 0..<count { #expect(bits[index] == chosen.contains(index)) }
        var seen: [Int] = []
        bits.forEachSet { seen.append($0) }
        #expect(seen == chosen.sorted())
        #expect(!bits.isEmpty)
        bits.reset(count: count)
        #expect(bits.isEmpty)
    }

    @Test("there is nothing outside")
    func outside() {
        var bits = TestBits()
        #expect(bits.isEmpty)
        #expect(!bits[0])
        bits.reset(count: 65)
        bits.insert(64)
        #expect(!bits[-1])
        #expect(!bits[65])
        #expect(!bits[1000])
        bits.reset(count: 3)
        #expect(bits.isEmpty)
        #expect(bits.words == [0])
        bits.reset(count: 0)
        #expect(bits.words.isEmpty)
        bits.reset(count: -1)
        #expect(bits.count == 0)
    }

    @Test("a steady state costs no allocation", .enabled(if: allocation_count_works() == 1))
    func allocations() {
        var bits = TestBits()
        bits.reset(count: 200)
        var sum = 0
        var before = allocation_count()
        for round in 0..<100 {
            // What Swift looks up once it has by then.
            if round == 2 { before = allocation_count() }
            bits.reset(count: round % 2 == 0 ? 200 : 64)
            bits.insert(round % 64)
            bits.forEachSet { sum += $0 }
        }
        #expect(allocation_count() == before)
        #expect(sum == (0..<100).reduce(0) { $0 + $1 % 64 })
    }
}
