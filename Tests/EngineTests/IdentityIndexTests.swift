import Testing
import Tokens

@testable import Engine

@Suite struct IdentityIndexTests {
    private let host: Host

    init() throws { host = try Host() }

    private func session(subject: String, id: String, issuedAt: Int64 = 100) throws -> (Session, VerifiedToken) {
        (try host.session(), try ToyKey.verified(subject: subject, id: id, issuedAt: issuedAt))
    }

    private func found(_ index: IdentityIndex, _ revocation: Revocation) -> Set<ObjectIdentifier> {
        Set(index.covered(by: revocation).map { ObjectIdentifier($0) })
    }

    @Test("by token and by subject, those that are meant and no others")
    func covered() throws {
        var index = IdentityIndex()
        let (one, oneToken) = try session(subject: "alice", id: "t1", issuedAt: 100)
        let (two, twoToken) = try session(subject: "alice", id: "t2", issuedAt: 200)
        let (three, threeToken) = try session(subject: "bob", id: "t3")
        for (session, token) in [(one, oneToken), (two, twoToken), (three, threeToken)] { index.insert(session, token) }
        #expect(found(index, .id("t1", expiresAt: 0)) == [ObjectIdentifier(one)])
        #expect(found(index, .id("alice", expiresAt: 0)).isEmpty)
        #expect(found(index, .subject("alice", issuedUntil: 300)) == [ObjectIdentifier(one), ObjectIdentifier(two)])
        // One issued after the revocation stays.
        #expect(found(index, .subject("alice", issuedUntil: 150)) == [ObjectIdentifier(one)])
        #expect(found(index, .subject("carol", issuedUntil: .max)).isEmpty)
    }

    @Test("by key and by time, those of every token and subject that are meant")
    func coveredByKeyAndTime() throws {
        var index = IdentityIndex()
        let (one, oneToken) = try session(subject: "alice", id: "t1", issuedAt: 100)
        let (two, twoToken) = try session(subject: "bob", id: "t2", issuedAt: 200)
        for (session, token) in [(one, oneToken), (two, twoToken)] { index.insert(session, token) }
        #expect(oneToken.keyID == twoToken.keyID)
        #expect(found(index, .key(oneToken.keyID)) == [ObjectIdentifier(one), ObjectIdentifier(two)])
        #expect(found(index, .key("t1")).isEmpty)
        #expect(found(index, .all(issuedUntil: 150)) == [ObjectIdentifier(one)])
        #expect(found(index, .all(issuedUntil: 99)).isEmpty)
        index.remove(one)
        #expect(found(index, .all(issuedUntil: .max)) == [ObjectIdentifier(two)])
    }

    @Test("several connections of one token are all found; one that has left is not")
    func shared() throws {
        var index = IdentityIndex()
        let (one, token) = try session(subject: "alice", id: "t1")
        let two = try host.session()
        index.insert(one, token)
        index.insert(two, token)
        #expect(found(index, .id("t1", expiresAt: 0)).count == 2)
        index.remove(one)
        #expect(found(index, .id("t1", expiresAt: 0)) == [ObjectIdentifier(two)])
        index.remove(two)
        index.remove(two)
        #expect(found(index, .id("t1", expiresAt: 0)).isEmpty)
        #expect(found(index, .subject("alice", issuedUntil: .max)).isEmpty)
    }

    @Test("without a token there is nothing to revoke")
    func anonymous() throws {
        var index = IdentityIndex()
        let session = try host.session()
        index.insert(session, nil)
        index.remove(session)
        #expect(session.identity == nil)
    }
}
