import Testing

@testable import Engine

@Suite struct CallTurnsTests {
    @Test("so many at once, so many that wait, and then no more; the first that waits is the next")
    func turns() {
        var turns = CallTurns<Int>(maximumAlive: 2, maximumWaiting: 2)
        #expect((0..<5).map { turns.take($0, of: "a") } == [.now, .now, .later, .later, .never])
        #expect(turns.next(of: "a") == 2)
        #expect(turns.take(5, of: "a") == .later)
        #expect([turns.next(of: "a"), turns.next(of: "a")] == [3, 5])
        // Those two are on their way now.
        #expect(turns.take(6, of: "a") == .later)
        #expect(turns.next(of: "a") == 6)
        #expect(turns.next(of: "a") == nil)
        #expect(turns.take(7, of: "a") == .now)
        #expect(turns.take(8, of: "a") == .later)
    }

    @Test("one service does not keep another, and one that nobody calls is forgotten")
    func services() {
        var turns = CallTurns<Int>(maximumAlive: 1, maximumWaiting: 0)
        #expect(turns.take(1, of: "a") == .now)
        #expect(turns.take(2, of: "a") == .never)
        #expect(turns.take(3, of: "b") == .now)
        #expect(turns.count == 2)
        #expect(turns.next(of: "a") == nil)
        #expect(turns.count == 1)
        #expect(turns.next(of: "c") == nil)
        #expect(turns.take(4, of: "a") == .now)
    }
}
