import Foundation
import GRDB
import Testing
import TokenStore
import Tokens

/// A store as earlier versions have written it. The SQL is what they had, and is never edited.
@Suite struct StoreSchemaTests {
    private static let first = """
        CREATE TABLE keys (
            kid TEXT NOT NULL PRIMARY KEY,
            algorithm TEXT NOT NULL,
            public_key BLOB NOT NULL,
            private_key BLOB NOT NULL,
            created INTEGER NOT NULL
        ) STRICT;

        -- What was issued; never the token itself.
        CREATE TABLE tokens (
            id TEXT NOT NULL PRIMARY KEY,
            subject TEXT NOT NULL,
            audiences TEXT NOT NULL,  -- a JSON array
            scopes TEXT NOT NULL,     -- separated by spaces
            issued INTEGER NOT NULL,
            not_before INTEGER,
            expires INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX tokens_by_subject ON tokens (subject);

        -- AUTOINCREMENT: a sequence number is never used again, so that a reader that remembers one misses nothing.
        CREATE TABLE revocations (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('id', 'subject')),
            value TEXT NOT NULL,
            issued_until INTEGER CHECK ((issued_until IS NULL) = (kind = 'id')),
            forget_after INTEGER NOT NULL,
            UNIQUE (kind, value)
        ) STRICT;
        """

    private let state: TemporaryState

    init() throws {
        state = try TemporaryState()
    }

    /// Writes a store with the first schema and this content.
    private func writeFirst(_ content: String) throws {
        try FileManager.default.createDirectory(atPath: state.directory, withIntermediateDirectories: true)
        let database = try DatabaseQueue(path: state.file)
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: keys, tokens, revocations") { try $0.execute(sql: Self.first) }
        try migrator.migrate(database)
        try database.write { try $0.execute(sql: content) }
        try database.close()
        try state.setMode(0o600, state.file)
    }

    @Test("a store of the first schema is migrated with its content")
    func first() throws {
        try writeFirst(
            """
            INSERT INTO keys VALUES ('k1', 'EdDSA', x'01', x'5EC4E7', 10);
            INSERT INTO tokens VALUES ('t1', 'alice', '["chat"]', 'a b', 1000, 1000, 2000);
            INSERT INTO tokens VALUES ('t2', 'bob', '[]', '', 1001, NULL, 3000);
            INSERT INTO tokens VALUES ('t3', 'carol', '[]', '', 1002, NULL, 2500);
            INSERT INTO revocations VALUES (3, 'id', 't1', NULL, 2000);
            INSERT INTO revocations VALUES (5, 'subject', 'bob', 1400, 3000);
            INSERT INTO revocations VALUES (9, 'id', 'forgotten', NULL, 1);
            DELETE FROM revocations WHERE sequence = 9;
            """)
        let store = try state.store(createIfMissing: false)
        #expect(
            try store.tokens() == [
                .example("t1", audiences: ["chat"], scopes: ["a", "b"], keyID: "k1"),
                .example("t2", subject: "bob", issuedAt: 1001, notBefore: nil, expiresAt: 3000, keyID: "k1"),
                .example("t3", subject: "carol", issuedAt: 1002, notBefore: nil, expiresAt: 2500, keyID: "k1"),
            ])
        #expect(try store.states(now: 1500) == ["t1": .revoked, "t2": .revoked, "t3": .valid])
        let (revocations, sequence) = try store.changes(since: 0)
        #expect(revocations == [.id("t1", expiresAt: 2000), .subject("bob", issuedUntil: 1400)])
        #expect(sequence == 5)
        let key = try store.signingKey(now: 1500) { throw CancellationError() }
        #expect(key.id == "k1" && key.privateKey == [0x5E, 0xC4, 0xE7])
        // A reader that has seen the number 9 must see what comes now.
        #expect(try store.revoke(id: "t3", now: 1500) == .revoked(tokens: 1))
        #expect(try store.changes(since: 9).revocations == [.id("t3", expiresAt: 2500)])
        // The key's last token is known.
        _ = try store.rotateKey(now: 1500) { .made("k2") }
        #expect(try store.publicKeys(now: 1500).map(\.state) == [.verifying(until: 3000), .signing])
    }

    @Test("of several keys the latest signs, and the others keep no private bytes")
    func severalKeys() throws {
        try writeFirst(
            """
            INSERT INTO keys VALUES ('k1', 'EdDSA', x'01', x'11', 10);
            INSERT INTO keys VALUES ('k3', 'EdDSA', x'03', x'33', 30);
            INSERT INTO keys VALUES ('k2', 'EdDSA', x'02', x'22', 20);
            INSERT INTO tokens VALUES ('t1', 'alice', '[]', '', 1000, 1000, 2000);
            """)
        let store = try state.store()
        #expect(
            try store.publicKeys(now: 1500).map { "\($0.id) \($0.state)" } == [
                "k1 verifying(until: 2000)", "k2 verifying(until: 2000)", "k3 signing",
            ])
        #expect(try store.signingKey(now: 1500) { throw CancellationError() }.privateKey == [0x33])
    }

    @Test func anEmptyStoreOfTheFirstSchema() throws {
        try writeFirst("")
        let store = try state.store()
        #expect(try store.tokens().isEmpty && store.publicKeys(now: 1).isEmpty)
        #expect(try store.changes(since: 0).revocations.isEmpty)
        #expect(try store.signingKey(now: 1) { .made("k1") }.id == "k1")
    }

    @Test("a store of the first schema with a hole in it is left as it is")
    func damaged() throws {
        try writeFirst("DROP TABLE revocations")
        #expect(storeError { _ = try state.store() } == .damaged)
        #expect(storeError { _ = try state.store() } == .damaged)
    }
}
