import GRDB
import Testing
import TokenStore
import Tokens

@Suite struct TokenStorePruningTests {
    private static let week: Int64 = 7 * 86_400
    private let state: TemporaryState
    private let store: TokenStore

    init() throws {
        state = try TemporaryState()
        store = try state.store()
    }

    @Test("a token goes a week after it has expired, and not before")
    func tokens() throws {
        try store.record(.example("t1", expiresAt: 2000))
        try store.record(.example("t2", expiresAt: 2001))
        #expect(try store.prune(now: 1999 + Self.week, limit: 10) == false)
        #expect(try store.tokens().map(\.id) == ["t1", "t2"])
        #expect(try store.prune(now: 2000 + Self.week, limit: 10) == false)
        #expect(try store.tokens().map(\.id) == ["t2"])
    }

    @Test("a revocation goes when the last token that it covers has expired")
    func revocations() throws {
        try store.record(.example("t1", expiresAt: 2000))
        try store.record(.example("t2", expiresAt: 2500))
        _ = try store.revoke(id: "t1", now: 1500)
        _ = try store.revoke(id: "t2", now: 1500)
        _ = try store.prune(now: 1999, limit: 10)
        #expect(try store.changes(since: 0).revocations.count == 2)
        _ = try store.prune(now: 2000, limit: 10)
        #expect(try store.changes(since: 0).revocations == [.id("t2", expiresAt: 2500)])
        _ = try store.prune(now: 2500, limit: 10)
        #expect(try store.changes(since: 0).revocations.isEmpty)
    }

    @Test("one transaction removes no more than it is told to, the oldest first")
    func batches() throws {
        for number in 0..<5 { try store.record(.example("t\(number)", expiresAt: 2000 + Int64(number))) }
        let now = 3000 + Self.week
        #expect(try store.prune(now: now, limit: 2) == true)
        #expect(try store.tokens().map(\.id) == ["t2", "t3", "t4"])
        #expect(try store.prune(now: now, limit: 2) == true)
        #expect(try store.prune(now: now, limit: 2) == false)
        #expect(try store.tokens().isEmpty)
    }

    @Test("issuing and revoking remove more than they add")
    func inPassing() throws {
        for number in 0..<40 { try store.record(.example("t\(number)")) }
        let now = 2000 + Self.week
        for number in 0..<4 {
            _ = try store.issue(
                subject: "alice", now: now, orMakeKey: { .made("k1") },
                sign: { _, issuedAt in
                    ((), TokenRecord.example("n\(number)", issuedAt: issuedAt, expiresAt: now + 100).claims)
                })
        }
        #expect(try store.tokens().map(\.id) == ["n0", "n1", "n2", "n3"])
        try store.record(.example("old"))
        _ = try store.revoke(id: "n0", now: now)
        #expect(try store.tokens().map(\.id) == ["n0", "n1", "n2", "n3"])
    }

    @Test("where another one writes, nothing is waited for and nothing removed")
    func busy() throws {
        try store.record(.example())
        let other = try DatabaseQueue(path: state.file)
        try other.inDatabase { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
            #expect(try store.prune(now: 2000 + Self.week, limit: 10) == true)
            try database.execute(sql: "ROLLBACK")
        }
        #expect(try store.tokens().count == 1)
        #expect(try store.prune(now: 2000 + Self.week, limit: 10) == false)
        #expect(try store.tokens().isEmpty)
    }
}
