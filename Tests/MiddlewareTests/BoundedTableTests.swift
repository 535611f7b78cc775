import Testing

@testable import Middleware

@Suite struct BoundedTableTests {
    @Test("what is added is there until it is removed")
    func adding() {
        var table = BoundedTable<Int, Int64>(capacity: 64) { $0 }
        table.add(5, of: 1)
        #expect(table.count == 1)
        #expect(table.remove(2) == nil)
        #expect(table.remove(1) == 5)
        #expect(table.remove(1) == nil)
        #expect(table.count == 0)
    }

    @Test("where a set is full, what matters least is not added, and what matters more takes the place of the least")
    func weights() {
        var table = BoundedTable<Int, Int64>(capacity: 8) { $0 }
        for key in 0..<8 { table.add(Int64(10 + key), of: key) }
        table.add(9, of: 100)
        #expect(table.count == 8)
        #expect(table.remove(100) == nil)
        table.add(100, of: 100)
        #expect(table.count == 8)
        #expect(table.remove(0) == nil)
        #expect(table.remove(100) == 100)
        #expect(table.remove(1) == 11)
    }
}
