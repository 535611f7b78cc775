import Foundation
import Testing
import TokenStore
import Tokens

@Suite struct TokenRecordTests {
    private let state: TemporaryState

    init() throws {
        state = try TemporaryState()
    }

    @Test func recordsComeBack() throws {
        let store = try state.store()
        let tokens: [TokenRecord] = [
            .example("t1", audiences: ["chat", "a,b \"c\""], scopes: ["x", "y"]),
            .example("t2", subject: "böb 😀", notBefore: nil),
            .example("t0", issuedAt: 999),
        ]
        for token in tokens { try store.record(token) }
        #expect(try store.tokens() == [tokens[2], tokens[0], tokens[1]])
        #expect(try state.store().token(id: "t2") == tokens[1])
        #expect(try store.token(id: "t3") == nil)
        #expect(try store.token(id: "' OR '1'='1") == nil)
    }

    @Test func anIDIsRecordedOnce() throws {
        let store = try state.store()
        try store.record(.example())
        #expect(storeError { try store.record(.example(subject: "bob")) } != nil)
        #expect(try store.tokens() == [.example()])
    }

    @Test(
        arguments: [
            (1999, [], .valid), (2000, [], .expired), (1500, [.id("t1", expiresAt: 2000)], .revoked),
            (2000, [.id("t1", expiresAt: 2000)], .expired), (1500, [.subject("alice", issuedUntil: 1000)], .revoked),
            (1500, [.subject("alice", issuedUntil: 999)], .valid),
        ] as [(Int64, [Revocation], TokenRecord.State)])
    func states(now: Int64, revocations: [Revocation], expected: TokenRecord.State) {
        #expect(TokenRecord.example().state(at: now, RevocationSet(revocations)) == expected)
    }

    @Test func recordOfClaims() {
        let token = TokenRecord.example(audiences: ["a"], scopes: ["b"])
        #expect(TokenRecord(token.claims) == token)
    }
}
