internal import GRDB

/// The store's tables, one migration a version. A migration that has been released is never edited.
enum StoreSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: keys, tokens, revocations") { try $0.execute(sql: first) }
        migrator.registerMigration("2: states of keys, uses, wider revocations") { try $0.execute(sql: second) }
        return migrator
    }

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

    /// The first version made one key and never another: it is that of all tokens.
    private static let second = """
        CREATE TABLE keys_2 (
            kid TEXT NOT NULL PRIMARY KEY,
            algorithm TEXT NOT NULL,
            public_key BLOB NOT NULL,
            private_key BLOB,              -- only that of the key that signs
            created INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('signing', 'verifying', 'retired')),
            last_expiry INTEGER NOT NULL,  -- of all tokens that it has signed
            replaced INTEGER,              -- since when it signs no more
            CHECK ((state = 'signing') = (private_key IS NOT NULL)),
            CHECK ((state = 'signing') = (replaced IS NULL))
        ) STRICT;
        INSERT INTO keys_2
            SELECT kid, algorithm, public_key, iif(latest, private_key, NULL), created,
                iif(latest, 'signing', 'verifying'), coalesce((SELECT max(expires) FROM tokens), 0),
                iif(latest, NULL, created)
            FROM (SELECT *, row_number() OVER (ORDER BY created DESC, rowid DESC) = 1 AS latest FROM keys);
        DROP TABLE keys;
        ALTER TABLE keys_2 RENAME TO keys;
        CREATE UNIQUE INDEX keys_one_signs ON keys (state) WHERE state = 'signing';

        ALTER TABLE tokens ADD COLUMN kid TEXT;                             -- NULL where it is not known
        ALTER TABLE tokens ADD COLUMN uses_limit INTEGER;                   -- connections in all; NULL: any number
        ALTER TABLE tokens ADD COLUMN uses INTEGER NOT NULL DEFAULT 0;      -- those that were admitted, where there is a limit
        ALTER TABLE tokens ADD COLUMN from_address TEXT NOT NULL DEFAULT '[]';  -- a JSON array; empty: from anywhere
        UPDATE tokens SET kid = (SELECT kid FROM keys WHERE state = 'signing');
        DROP INDEX tokens_by_subject;
        CREATE INDEX tokens_by_subject ON tokens (subject, issued);
        CREATE INDEX tokens_by_issue ON tokens (issued);
        CREATE INDEX tokens_by_expiry ON tokens (expires);

        CREATE TABLE revocations_2 (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('id', 'subject', 'key', 'all')),
            value TEXT NOT NULL,           -- of 'all': empty
            issued_until INTEGER CHECK ((issued_until IS NULL) = (kind IN ('id', 'key'))),
            forget_after INTEGER NOT NULL,
            UNIQUE (kind, value)
        ) STRICT;
        INSERT INTO revocations_2 SELECT * FROM revocations;
        -- Numbers of revocations that have been forgotten are not used again either.
        DELETE FROM sqlite_sequence WHERE name = 'revocations_2';
        INSERT INTO sqlite_sequence (name, seq)
            SELECT 'revocations_2', seq FROM sqlite_sequence WHERE name = 'revocations';
        DROP TABLE revocations;
        ALTER TABLE revocations_2 RENAME TO revocations;
        CREATE INDEX revocations_by_end ON revocations (forget_after);
        """
}
