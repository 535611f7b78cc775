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

    @Test(
        "an id is compared to its last character, whatever it is made of",
        arguments: [
            "0123456789abcdef0123456789abcdef", "00000000000000000000000000000000", "ffffffffffffffffffffffffffffffff",
            "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcdeg", "0123456789abcdef0123456789abcde",
            "0123456789abcdef0123456789abcdef0", "+123456789abcdef0123456789abcdef", "", "t1",
        ])
    func spelling(id: String) {
        let others = [
            "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdee", "1123456789abcdef0123456789abcdef",
            "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcdeg", "123456789abcdef0123456789abcdef",
            "00000000000000000000000000000000", "0", "", "t1",
        ]
        let set = RevocationSet([.id(id, expiresAt: 100), .id(id, expiresAt: 90)])
        #expect(set.count == 1)
        #expect(set.isRevoked(.example(id: id)))
        for other in others where other != id { #expect(!set.isRevoked(.example(id: other))) }
        var pruned = set
        pruned.prune(now: 99)
        #expect(pruned.isRevoked(.example(id: id)))
        pruned.prune(now: 100)
        #expect(pruned.count == 0)
    }

    @Test func manyIDs() {
        let set = RevocationSet((0..<100_000).map { .id("t\($0)", expiresAt: 2000) })
        #expect(set.count == 100_000)
        #expect(set.isRevoked(.example(id: "t99999")))
        #expect(!set.isRevoked(.example(id: "t100000")))
    }
}
