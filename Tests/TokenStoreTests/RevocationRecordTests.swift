import Testing
import TokenStore
import Tokens

@Suite struct RevocationRecordTests {
    private let state: TemporaryState
    private let store: TokenStore

    init() throws {
        state = try TemporaryState()
        store = try state.store()
        try store.record(.example("t1"))
        try store.record(.example("t2", issuedAt: 1100, expiresAt: 3000))
        try store.record(.example("b1", subject: "bob"))
    }

    private func revocations() throws -> [Revocation] {
        try store.changes(since: 0).revocations
    }

    @Test func byID() throws {
        #expect(try store.revoke(id: "t1", now: 1500) == .revoked(tokens: 1))
        #expect(try store.revoke(id: "t1", now: 1500) == .alreadyRevoked)
        #expect(try revocations() == [.id("t1", expiresAt: 2000)])
    }

    @Test func bySubject() throws {
        #expect(try store.revoke(subject: "alice", now: 1500) == .revoked(tokens: 2))
        #expect(try store.revoke(subject: "alice", now: 1501) == .alreadyRevoked)
        #expect(try revocations() == [.subject("alice", issuedUntil: 1500)])
        #expect(try store.revokedUntil(subject: "alice") == 1500)
        #expect(try store.revokedUntil(subject: "bob") == nil)
        #expect(try store.revoke(id: "t1", now: 1501) == .alreadyRevoked)
    }

    @Test("by a token that is not on record")
    func byToken() throws {
        let claims = TokenRecord.example("elsewhere", expiresAt: 1700).claims
        #expect(try store.revoke(claims, now: 1500) == .revoked(tokens: 1))
        #expect(try store.revoke(claims, now: 1500) == .alreadyRevoked)
        #expect(try store.revoke(claims, now: 1700) == .alreadyExpired)
        #expect(try store.revoke(TokenRecord.example("t1").claims, now: 1500) == .revoked(tokens: 1))
    }

    @Test func unknownOrExpiredMakesNoRevocation() throws {
        #expect(try store.revoke(id: "nope", now: 1500) == .unknown)
        #expect(try store.revoke(subject: "nobody", now: 1500) == .unknown)
        #expect(try store.revoke(id: "t1", now: 2000) == .alreadyExpired)
        #expect(try store.revoke(subject: "bob", now: 2000) == .alreadyExpired)
        #expect(try revocations().isEmpty)
    }

    @Test("a token that is issued after its subject was revoked is good, and can be revoked again")
    func subjectAgain() throws {
        _ = try store.revoke(subject: "alice", now: 1500)
        try store.record(.example("t3", issuedAt: 1501, expiresAt: 5000))
        #expect(!RevocationSet(try revocations()).isRevoked(TokenRecord.example("t3", issuedAt: 1501).claims))
        // In the same second: the cut-off goes where that token is.
        #expect(try store.revoke(subject: "alice", now: 1500) == .revoked(tokens: 1))
        #expect(try revocations() == [.subject("alice", issuedUntil: 1501)])
    }

    @Test("a reader that remembers a number gets what came after it, also a subject's second revocation")
    func changes() throws {
        let reader = try state.store()
        var (revocations, sequence) = try reader.changes(since: 0)
        #expect(revocations.isEmpty && sequence == 0)
        _ = try store.revoke(subject: "alice", now: 1500)
        (revocations, sequence) = try reader.changes(since: sequence)
        #expect(revocations == [.subject("alice", issuedUntil: 1500)])
        #expect(try reader.changes(since: sequence).revocations.isEmpty)
        #expect(try reader.changes(since: sequence).sequence == sequence)
        try store.record(.example("t3", issuedAt: 1600, expiresAt: 5000))
        _ = try store.revoke(id: "b1", now: 1700)
        _ = try store.revoke(subject: "alice", now: 1700)
        (revocations, sequence) = try reader.changes(since: sequence)
        #expect(revocations == [.id("b1", expiresAt: 2000), .subject("alice", issuedUntil: 1700)])
    }

    @Test("revocations of tokens that have expired are forgotten, and their numbers are not used again")
    func forgetting() throws {
        _ = try store.revoke(id: "t1", now: 1500)
        _ = try store.revoke(subject: "bob", now: 1500)
        let sequence = try store.changes(since: 0).sequence
        #expect(try store.revoke(id: "t2", now: 2000) == .revoked(tokens: 1))
        #expect(try revocations() == [.id("t2", expiresAt: 3000)])
        #expect(try store.changes(since: sequence).revocations == [.id("t2", expiresAt: 3000)])
        _ = try store.revoke(id: "t2", now: 3000)
        #expect(try revocations().isEmpty)
        try store.record(.example("t4", expiresAt: 9000))
        _ = try store.revoke(id: "t4", now: 3000)
        #expect(try store.changes(since: sequence + 1).revocations == [.id("t4", expiresAt: 9000)])
    }

    @Test("a subject's revocation lasts as long as a token that was recorded after it and that it covers")
    func recordedLate() throws {
        _ = try store.revoke(subject: "bob", now: 1500)
        try store.record(.example("b2", subject: "bob", issuedAt: 1500, expiresAt: 9000))
        _ = try store.revoke(id: "t2", now: 2500)
        #expect(
            RevocationSet(try revocations()).isRevoked(TokenRecord.example("b2", subject: "bob", issuedAt: 1500).claims)
        )
    }
}
