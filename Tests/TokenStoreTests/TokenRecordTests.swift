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

    @Test("also what it is bound to")
    func bounds() throws {
        let store = try state.store()
        let token = TokenRecord.example(
            "t1", keyID: "k", usesLimit: 3, fromAddresses: ["10.0.0.0/8", "2001:db8::/32"])
        try store.record(token)
        #expect(try store.token(id: "t1") == token)
        #expect(TokenRecord(token.claims, keyID: "k") == token)
    }

    @Test func recordOfClaims() {
        let token = TokenRecord.example(audiences: ["a"], scopes: ["b"])
        #expect(TokenRecord(token.claims, keyID: nil) == token)
    }
}
