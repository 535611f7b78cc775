internal import GRDB

/// The store's tables, one migration a version. A migration that has been released is never edited.
enum StoreSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: keys, tokens, revocations") { database in
            try database.execute(
                sql: """
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
                    """)
        }
        return migrator
    }
}
