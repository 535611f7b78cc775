import Testing
import Tokens

@Suite struct RevocationTests {
    @Test(
        arguments: [
            (.id("t1", expiresAt: 2000), true), (.id("t2", expiresAt: 2000), false),
            (.subject("alice", issuedUntil: 1000), true),
            (.subject("alice", issuedUntil: 999), false), (.subject("alice", issuedUntil: 5000), true),
            (.subject("bob", issuedUntil: 5000), false), (.subject("t1", issuedUntil: 5000), false),
            (.id("alice", expiresAt: 2000), false), (.key("k1"), true), (.key("k2"), false), (.key("t1"), false),
            (.all(issuedUntil: 1000), true), (.all(issuedUntil: 999), false), (.all(issuedUntil: .max), true),
        ] as [(Revocation, Bool)])
    func covers(revocation: Revocation, isCovered: Bool) {
        #expect(revocation.covers(.example(), keyID: "k1") == isCovered)
        #expect(RevocationSet([revocation]).isRevoked(.example(), keyID: "k1") == isCovered)
    }

    @Test("a later revocation of a subject moves the cut-off up, an earlier one does not move it down")
    func cutOffOnlyMovesUp() {
        var set = RevocationSet([.subject("alice", issuedUntil: 1000), .subject("alice", issuedUntil: 500)])
        #expect(set.isRevoked(.example(issuedAt: 1000), keyID: nil))
        #expect(!set.isRevoked(.example(issuedAt: 1001), keyID: nil))
        set.insert(.subject("alice", issuedUntil: 1001))
        #expect(set.isRevoked(.example(issuedAt: 1001), keyID: nil))
        #expect(set.count == 1)
    }

    @Test("without a key's id no revocation of a key covers a token")
    func noKey() {
        #expect(!Revocation.key("k1").covers(.example(), keyID: nil))
        #expect(!RevocationSet([.key("k1")]).isRevoked(.example(), keyID: nil))
    }

    @Test("a later cut-off for everybody moves it up, an earlier one does not move it down")
    func cutOffForAll() {
        let set = RevocationSet([.all(issuedUntil: 1000), .all(issuedUntil: 500), .key("k1"), .key("k1")])
        #expect(set.count == 2)
        #expect(set.isRevoked(.example(subject: "anybody", issuedAt: 1000), keyID: nil))
        #expect(!set.isRevoked(.example(issuedAt: 1001), keyID: "k2"))
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
        #expect(set.isRevoked(.example(id: id), keyID: nil))
        for other in others where other != id { #expect(!set.isRevoked(.example(id: other), keyID: nil)) }
    }

    @Test func manyIDs() {
        let set = RevocationSet((0..<100_000).map { .id("t\($0)", expiresAt: 2000) })
        #expect(set.count == 100_000)
        #expect(set.isRevoked(.example(id: "t99999"), keyID: nil))
        #expect(!set.isRevoked(.example(id: "t100000"), keyID: nil))
    }
}
