import GRDB
import Testing

@testable import TokenStore

@Suite struct DurabilityTests {
    @Test("every answer waits for the disk, and what is deleted is overwritten")
    func pragmas() throws {
        let state = try TemporaryState()
        for store in try [state.store(), state.store()] {
            let pragmas = try store.read { database in
                try ["journal_mode", "synchronous", "secure_delete", "busy_timeout"].map {
                    try String.fetchOne(database, sql: "PRAGMA \($0)")
                }
            }
            #expect(pragmas == ["wal", "2", "1", "5000"])
            _ = try store.prune(now: 1, limit: 1)
            #expect(try store.read { try Int.fetchOne($0, sql: "PRAGMA busy_timeout") } == 5000)
        }
    }
}
