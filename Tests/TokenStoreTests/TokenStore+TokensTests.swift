import Foundation
import Testing
import TokenStore
import Tokens

@Suite struct TokenStoreTokensTests {
    private let state: TemporaryState
    private let store: TokenStore

    init() throws {
        state = try TemporaryState()
        store = try state.store()
    }

    private func issue(_ id: String, now: Int64) throws -> Int64 {
        try store.issue(
            subject: "alice", now: now, orMakeKey: { .made("k1") },
            sign: { _, issuedAt in (issuedAt, TokenRecord.example(id, issuedAt: issuedAt, expiresAt: 9000).claims) })
    }

    @Test("the key is made with the first token, and the record says which it was")
    func issued() throws {
        #expect(try issue("t1", now: 1500) == 1500)
        #expect(try store.token(id: "t1")?.keyID == "k1")
        #expect(try store.publicKeys(now: 1500).map(\.id) == ["k1"])
    }

    @Test("a token that is made in the second of a revocation belongs to the next", arguments: [false, true])
    func afterRevocation(all: Bool) throws {
        _ = try issue("t1", now: 1500)
        _ = all ? try store.revokeAll(now: 1500) : try store.revoke(subject: "alice", now: 1500)
        #expect(try issue("t2", now: 1500) == 1501)
        #expect(try store.states(now: 1500) == ["t1": .revoked, "t2": .valid])
        #expect(try issue("t3", now: 1600) == 1600)
    }

    @Test("what is not signed leaves nothing, and says why")
    func notSigned() throws {
        struct Reason: Error, Equatable {}
        #expect(throws: Reason()) {
            try store.issue(
                subject: "alice", now: 1500, orMakeKey: { .made("k1") },
                sign: { _, _ -> (Int, TokenClaims) in throw Reason() })
        }
        #expect(try store.publicKeys(now: 1).isEmpty && store.tokens().isEmpty)
    }

    @Test("a token is used as often as it may be, and no more")
    func uses() throws {
        try store.record(.example("t1", usesLimit: 2))
        let other = try state.store()
        #expect(try store.use(id: "t1", limit: 2, now: 1500) == .admitted)
        #expect(try other.token(id: "t1")?.uses == 1)
        #expect(try other.use(id: "t1", limit: 2, now: 1500) == .admitted)
        #expect(try store.use(id: "t1", limit: 2, now: 1500) == .exhausted)
        #expect(try state.store().use(id: "t1", limit: 2, now: 1500) == .exhausted)
        #expect(try store.states(now: 1500) == ["t1": .exhausted])
    }

    @Test func usesOfWhatIsNotOnRecordOrHasExpired() throws {
        #expect(try store.use(id: "t1", limit: 2, now: 1500) == .exhausted)
        try store.record(.example("t1", usesLimit: 2))
        #expect(try store.use(id: "t1", limit: 2, now: 2000) == .exhausted)
        #expect(try store.use(id: "t1", limit: 0, now: 1500) == .exhausted)
        #expect(try store.token(id: "t1")?.uses == 0)
    }

    @Test("of many that come at once, over several connections, exactly as many are admitted as may be")
    func usesAtOnce() async throws {
        try store.record(.example("t1", usesLimit: 25))
        let state = state
        let admitted = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let store = try state.store()
                    return try (0..<10).count { _ in try store.use(id: "t1", limit: 25, now: 1500) == .admitted }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(admitted == 25)
        #expect(try store.token(id: "t1")?.uses == 25)
    }

    @Test("H38 a use that cannot be counted is an error, never an admission")
    func usesOfAnUnwritableStore() throws {
        try store.record(.example("t1", usesLimit: 2))
        try state.execute("CREATE TRIGGER full BEFORE UPDATE ON tokens BEGIN SELECT RAISE(ABORT, 'no'); END")
        #expect(storeError { _ = try store.use(id: "t1", limit: 2, now: 1500) } != nil)
        try FileManager.default.removeItem(atPath: state.file)
        #expect(storeError { _ = try store.use(id: "t1", limit: 2, now: 1500) } == .replaced)
    }
}
