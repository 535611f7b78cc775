import Testing
import Tokens

@Suite struct RevocationTests {
    @Test(
        arguments: [
            (.id("t1", expiresAt: 2000), true), (.id("t2", expiresAt: 2000), false),
            (.subject("alice", issuedUntil: 1000), true),
            (.subject("alice", issuedUntil: 999), false), (.subject("alice", issuedUntil: 5000), true),
            (.subject("bob", issuedUntil: 5000), false), (.subject("t1", issuedUntil: 5000), false),
            (.id("alice", expiresAt: 2000), false),
        ] as [(Revocation, Bool)])
    func covers(revocation: Revocation, isCovered: Bool) {
        #expect(revocation.covers(.example()) == isCovered)
        #expect(RevocationSet([revocation]).isRevoked(.example()) == isCovered)
    }

    @Test("a later revocation of a subject moves the cut-off up, an earlier one does not move it down")
    func cutOffOnlyMovesUp() {
        var set = RevocationSet([.subject("alice", issuedUntil: 1000), .subject("alice", issuedUntil: 500)])
        #expect(set.isRevoked(.example(issuedAt: 1000)))
        #expect(!set.isRevoked(.example(issuedAt: 1001)))
        set.insert(.subject("alice", issuedUntil: 1001))
        #expect(set.isRevoked(.example(issuedAt: 1001)))
        #expect(set.count == 1)
    }

    @Test("ids are forgotten once their token has expired, subjects are not")
    func prune() {
        var set = RevocationSet([.id("a", expiresAt: 100), .id("b", expiresAt: 101), .subject("alice", issuedUntil: 5)])
        set.prune(now: 100)
        #expect(set.count == 2)
        #expect(!set.isRevoked(.example(id: "a")))
        #expect(set.isRevoked(.example(id: "b")))
        #expect(set.isRevoked(.example(id: "x", issuedAt: 5)))
    }

    @Test func manyIDs() {
        let set = RevocationSet((0..<100_000).map { .id("t\($0)", expiresAt: 2000) })
        #expect(set.count == 100_000)
        #expect(set.isRevoked(.example(id: "t99999")))
        #expect(!set.isRevoked(.example(id: "t100000")))
    }
}
