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
        #expect(try revocations() == [.subject("alice", issuedUntil: 1501)])
        #expect(try store.revoke(id: "t1", now: 1501) == .alreadyRevoked)
    }

    @Test("by a token that is not on record")
    func byToken() throws {
        let claims = TokenRecord.example("elsewhere", expiresAt: 1700).claims
        #expect(try store.revoke(claims, keyID: nil, now: 1500) == .revoked(tokens: 1))
        #expect(try store.revoke(claims, keyID: nil, now: 1500) == .alreadyRevoked)
        #expect(try store.revoke(claims, keyID: nil, now: 1700) == .alreadyExpired)
        #expect(try store.revoke(TokenRecord.example("t1").claims, keyID: nil, now: 1500) == .revoked(tokens: 1))
    }

    @Test func unknownMakesNoRevocation() throws {
        #expect(try store.revoke(id: "nope", now: 1500) == .unknown)
        #expect(try store.revoke(subject: "nobody", now: 1500) == .unknown)
        #expect(try revocations().isEmpty)
    }

    @Test("what has expired is revoked all the same, for a week: it may still hold a socket")
    func expired() throws {
        let end: Int64 = 2000 + 7 * 86_400
        #expect(try store.revoke(id: "t1", now: 2000) == .alreadyExpired)
        #expect(try store.revoke(subject: "bob", now: 2000) == .alreadyExpired)
        #expect(try revocations() == [.id("t1", expiresAt: end), .subject("bob", issuedUntil: 2000)])
        _ = try store.prune(now: end - 1, limit: 10)
        #expect(try revocations().count == 2)
        _ = try store.prune(now: end, limit: 10)
        #expect(try revocations() == [.subject("bob", issuedUntil: 2000)])
    }

    @Test("a subject's revocation outlives the tokens on record: it holds for those of other issuers, too")
    func foreignOfTheSubject() throws {
        let end: Int64 = 1500 + 30 * 86_400
        _ = try store.revoke(subject: "bob", now: 1500)
        _ = try store.prune(now: end - 1, limit: 10)
        #expect(try store.isRevoked(id: "", subject: "bob", issuedAt: 1500, keyID: "corporate/k"))
        _ = try store.prune(now: end, limit: 10)
        #expect(try revocations().isEmpty)
    }

    @Test("a subject's token that has expired is revoked beside those that were revoked one by one")
    func expiredAmongRevoked() throws {
        _ = try store.revoke(id: "t2", now: 1500)
        #expect(try store.revoke(subject: "alice", now: 2500) == .alreadyRevoked)
        #expect(try store.isRevoked(.example("t1")))
    }

    @Test("times that no clock has come back as an error, or are as late as can be")
    func extremeTimes() throws {
        let key = try store.signingKey(now: 1500) { .made("k1") }
        try state.execute("UPDATE tokens SET issued = \(Int64.max), expires = \(Int64.max)")
        try state.execute("UPDATE keys SET last_expiry = \(Int64.max)")
        #expect(try store.revokeAll(now: 1500) == .revoked(tokens: nil))
        guard case .retired = try store.retireKey(id: key.id, now: 1500, orMake: { .made("k2") }) else {
            Issue.record("not retired")
            return
        }
        #expect(
            storeError {
                try store.issue(
                    subject: "alice", now: 1500, orMakeKey: { .made("k3") },
                    sign: { _, _ in ((), TokenRecord.example().claims) })
            } == .damaged)
    }

    @Test("a token that is issued after its subject was revoked is good, and can be revoked again")
    func subjectAgain() throws {
        _ = try store.revoke(subject: "alice", now: 1500)
        try store.record(.example("t3", issuedAt: 1501, expiresAt: 5000))
        #expect(try !store.isRevoked(.example("t3", issuedAt: 1501)))
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
        _ = try store.revoke(id: "b1", now: 1500)
        let sequence = try store.changes(since: 0).sequence
        #expect(try store.revoke(id: "t2", now: 2000) == .revoked(tokens: 1))
        #expect(try revocations() == [.id("t2", expiresAt: 3000)])
        #expect(try store.changes(since: sequence).revocations == [.id("t2", expiresAt: 3000)])
        _ = try store.prune(now: 3000, limit: 10)
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
        #expect(try store.isRevoked(.example("b2", subject: "bob", issuedAt: 1500)))
    }

    @Test("by everything, what is on record and what is not, until that second")
    func all() throws {
        try store.record(.example("late", issuedAt: 1501, expiresAt: 9000))
        #expect(try store.revokeAll(now: 1500) == .revoked(tokens: nil))
        // The one that is a second ahead is meant, too.
        #expect(try revocations() == [.all(issuedUntil: 1501)])
        #expect(try store.isRevoked(.example("elsewhere", subject: "carol", issuedAt: 1501)))
        #expect(try store.revoke(id: "t1", now: 1502) == .alreadyRevoked)
        #expect(try store.revoke(subject: "bob", now: 1502) == .alreadyRevoked)
        try store.record(.example("new", issuedAt: 1502, expiresAt: 9000))
        #expect(try !store.isRevoked(.example("new", issuedAt: 1502)))
        #expect(try store.revokeAll(now: 1600) == .revoked(tokens: nil))
        #expect(try revocations() == [.subject("bob", issuedUntil: 1502), .all(issuedUntil: 1600)])
        // Tokens that are not on record can live this long.
        #expect(try store.prune(now: 1600 + Lifetime.maximumSeconds - 1, limit: 100) == false)
        #expect(try revocations() == [.all(issuedUntil: 1600)])
    }

    @Test("of another issuer: taken as it is, and kept as long as is asked for")
    func foreign() throws {
        try store.revokeForeign(id: "theirs", keepUntil: 5000, now: 1500)
        try store.revokeForeign(subject: "carol", keepUntil: 5000, now: 1500)
        #expect(try revocations() == [.id("theirs", expiresAt: 5000), .subject("carol", issuedUntil: 1500)])
        // Again, and for less long: what was said before stays so.
        try store.revokeForeign(id: "theirs", keepUntil: 4000, now: 1400)
        try store.revokeForeign(subject: "carol", keepUntil: 4000, now: 1400)
        #expect(try revocations() == [.id("theirs", expiresAt: 5000), .subject("carol", issuedUntil: 1500)])
        _ = try store.prune(now: 4999, limit: 100)
        #expect(try revocations().count == 2)
        _ = try store.prune(now: 5000, limit: 100)
        #expect(try revocations().isEmpty)
    }

    @Test("of another issuer, where a token on record has that id or subject and lives longer")
    func foreignAndOwn() throws {
        try store.record(.example("long", subject: "dave", issuedAt: 1501, expiresAt: 9000))
        try store.revokeForeign(id: "long", keepUntil: 5000, now: 1500)
        try store.revokeForeign(subject: "dave", keepUntil: 5000, now: 1500)
        #expect(try revocations() == [.id("long", expiresAt: 9000), .subject("dave", issuedUntil: 1501)])
        _ = try store.prune(now: 8999, limit: 100)
        #expect(try revocations().count == 2)
    }

    @Test("what a token on record, or any other, is revoked by is the same in SQL as in memory")
    func sameAnswer() throws {
        _ = try store.revoke(id: "t1", now: 1500)
        _ = try store.revoke(subject: "bob", now: 1500)
        _ = try store.retireKey(id: "nobody", now: 1500) { .made("k") }
        let key = try store.signingKey(now: 1500) { .made("k1") }
        _ = try store.retireKey(id: key.id, now: 1500) { .made("k2") }
        for id in ["t1", "t2"] {
            for subject in ["alice", "bob"] {
                for issued in [1500, 1501] as [Int64] {
                    for key in [nil, "k1", "k2"] {
                        let token = TokenRecord.example(id, subject: subject, issuedAt: issued, keyID: key)
                        #expect(
                            try store.isRevoked(id: id, subject: subject, issuedAt: issued, keyID: key)
                                == store.isRevoked(token), "\(token)")
                    }
                }
            }
        }
        _ = try store.revokeAll(now: 1500)
        #expect(try store.isRevoked(id: "x", subject: "x", issuedAt: 1500, keyID: nil))
        #expect(try !store.isRevoked(id: "x", subject: "x", issuedAt: 1501, keyID: nil))
    }
}
