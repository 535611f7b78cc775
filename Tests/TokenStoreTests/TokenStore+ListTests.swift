import Testing
import TokenStore
import Tokens

@Suite struct TokenStoreListTests {
    private let state: TemporaryState
    private let store: TokenStore

    init() throws {
        state = try TemporaryState()
        store = try state.store()
    }

    @Test(
        "of several reasons against a token the first counts",
        arguments: [
            (1999, nil, .valid), (2000, nil, .expired), (1500, "id", .revoked), (2000, "id", .expired),
            (1500, "subject", .revoked), (999, nil, .notYetValid), (999, "id", .revoked), (1500, "uses", .exhausted),
            (999, "uses", .exhausted), (2000, "uses", .expired), (1500, "key", .revoked), (1500, "all", .revoked),
        ] as [(Int64, String?, TokenRecord.State)])
    func states(now: Int64, what: String?, expected: TokenRecord.State) throws {
        _ = try store.signingKey(now: 500) { .made("k1") }
        try store.record(.example("t1", issuedAt: 900, keyID: "k1", usesLimit: 1))
        switch what {
        case "id": _ = try store.revoke(id: "t1", now: 950)
        case "subject": _ = try store.revoke(subject: "alice", now: 950)
        case "all": _ = try store.revokeAll(now: 950)
        case "key": _ = try store.retireKey(id: "k1", now: 950) { .made("k2") }
        case "uses": _ = try store.use(id: "t1", limit: 1, now: 950)
        default: break
        }
        #expect(try store.states(now: now) == ["t1": expected])
        for state in TokenRecord.State.allCases {
            #expect(try store.tokens(TokenFilter(state: state), now: now).count == (state == expected ? 1 : 0))
        }
    }

    @Test(
        arguments: [
            (TokenFilter(), "t0 t1 t2 t3"), (TokenFilter(subject: "alice"), "t1 t3"), (TokenFilter(subject: "ali"), ""),
            (TokenFilter(audience: "chat"), "t0 t2"), (TokenFilter(audience: "cha"), ""),
            (TokenFilter(audience: #"a","b"#), "t3"), (TokenFilter(scope: "read"), "t0 t1"),
            (TokenFilter(scope: "rea"), ""), (TokenFilter(scope: "read write"), "t1"), (TokenFilter(limit: 2), "t0 t1"),
            (TokenFilter(subject: "alice", limit: 1), "t1"), (TokenFilter(subject: "bob", scope: "read"), "t0"),
            (TokenFilter(state: .expired), "t2"), (TokenFilter(state: .valid, audience: "chat"), "t0"),
        ] as [(TokenFilter, String)])
    func filters(filter: TokenFilter, expected: String) throws {
        let tokens: [TokenRecord] = [
            .example("t2", subject: "bob", audiences: ["feed", "chat"], issuedAt: 1002, expiresAt: 1100),
            .example("t0", subject: "bob", audiences: ["chat"], scopes: ["read"]),
            .example("t1", scopes: ["admin", "read", "write"], issuedAt: 1001),
            .example("t3", audiences: [#"a","b"#], scopes: ["reader"], issuedAt: 1003),
        ]
        for token in tokens { try store.record(token) }
        #expect(try store.tokens(filter).map(\.id).joined(separator: " ") == expected)
    }

    @Test("a list of audiences that is no JSON is an error, never a token passed over")
    func damaged() throws {
        try store.record(.example())
        try state.execute("UPDATE tokens SET audiences = '['")
        #expect(storeError { _ = try store.tokens() } == .damaged)
        #expect(storeError { _ = try store.tokens(TokenFilter(audience: "chat")) } == .damaged)
    }
}
