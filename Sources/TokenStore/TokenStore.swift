internal import GRDB
internal import Tokens

/// Where keys, issued tokens and revocations are kept: `tokens.sqlite` in the state folder.
///
/// Several processes use it at once, such as a gateway and the command line. Any thread may call; calls of one store wait
/// for one another. Whatever cannot be read is an error, so that who asks can refuse.
package final class TokenStore: Sendable {
    /// Where the store's file is.
    package var path: String { file.path }

    private let file: StoreFile
    private let identity: StoreFile.Identity
    /// Whether it was opened to be looked at alone.
    private let isReader: Bool
    /// One connection, so that `PRAGMA data_version` tells of all writes but this store's own.
    private let database: DatabaseQueue

    /// Opens the store.
    ///
    /// - Parameter createIfMissing: makes the file (mode 0600) and its folder (0700) where there is none; else that is `missing`.
    package init(stateDirectory: String, createIfMissing: Bool = true) throws(TokenStoreError) {
        let file = StoreFile(stateDirectory: stateDirectory)
        if createIfMissing { try file.makeFolder() }
        (database, identity) = try file.withFolderLock { () throws(TokenStoreError) in
            let isNew = createIfMissing ? try file.makeFile() : false
            let identity = try file.check(isNew: isNew)
            return (try Self.open(file), identity)
        }
        self.file = file
        isReader = false
    }

    /// Opens the store to look at it: nothing in it can be changed, and one of an older version stays as it is and is not read.
    package init(reading stateDirectory: String) throws(TokenStoreError) {
        let file = StoreFile(stateDirectory: stateDirectory)
        (database, identity) = try file.withFolderLock { () throws(TokenStoreError) in
            let identity = try file.check(isNew: false)
            return (try Self.openForReading(file), identity)
        }
        self.file = file
        isReader = true
    }

    private static func openForReading(_ file: StoreFile) throws(TokenStoreError) -> DatabaseQueue {
        // A connection that SQLite itself takes for a reader would leave its WAL files behind.
        var configuration = Configuration()
        configuration.busyMode = .timeout(StoreFile.patience)
        configuration.label = "portcullis.tokens.reader"
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA trusted_schema = OFF")
        }
        do {
            let database = try DatabaseQueue(path: file.path, configuration: configuration)
            let (isNewer, isOlder) = try database.read {
                (
                    try StoreSchema.migrator.hasBeenSuperseded($0),
                    try !StoreSchema.migrator.hasCompletedMigrations($0)
                )
            }
            guard !isNewer else { throw TokenStoreError.superseded(file.path) }
            guard !isOlder else {
                throw TokenStoreError(
                    .superseded, path: file.path, what: "was written by an older version of portcullis",
                    advice: "run the gateway, or `portcullis token list`, once: that brings it up to date")
            }
            return database
        } catch {
            throw TokenStoreError(error, path: file.path)
        }
    }

    private static func open(_ file: StoreFile) throws(TokenStoreError) -> DatabaseQueue {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(StoreFile.patience)
        configuration.label = "portcullis.tokens"
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA trusted_schema = OFF")
            // What is deleted is overwritten: a private key must not outlive its row.
            try database.execute(sql: "PRAGMA secure_delete = ON")
        }
        do {
            let database = try DatabaseQueue(path: file.path, configuration: configuration)
            // What was answered, such as a revocation, outlives a power cut. Not among what prepares the connection: behind
            // that, the WAL mode is switched on with less.
            try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            guard try !database.read(StoreSchema.migrator.hasBeenSuperseded) else {
                throw TokenStoreError.superseded(file.path)
            }
            try StoreSchema.migrator.migrate(database)
            return database
        } catch {
            throw TokenStoreError(error, path: file.path)
        }
    }

    /// A number that is another one once another process, or another store in this one, has written. Cheap enough to be asked
    /// several times a second. Fails where the file is no longer the one that was opened.
    package func dataVersion() throws(TokenStoreError) -> Int64 {
        try checkIdentity()
        return try read { try Int64.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
    }

    /// Runs `body` in a transaction that sees one state of the store.
    func read<Value>(_ body: (Database) throws -> Value) throws(TokenStoreError) -> Value {
        do {
            return try database.read(body)
        } catch {
            throw TokenStoreError(error, path: path)
        }
    }

    /// Runs `body` in a transaction that no other writer interleaves with.
    func write<Value>(_ body: (Database) throws -> Value) throws(TokenStoreError) -> Value {
        guard !isReader else {
            throw TokenStoreError(.inaccessible, path: path, what: "was opened to be looked at alone")
        }
        try checkIdentity()
        do {
            return try database.write(body)
        } catch {
            throw TokenStoreError(error, path: path)
        }
    }

    /// The same, but without waiting: nil where another writer is at it.
    func writeUnlessBusy<Value>(_ body: (Database) throws -> Value) throws(TokenStoreError) -> Value? {
        try checkIdentity()
        do {
            return try database.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA busy_timeout = 0")
                defer { try? database.execute(sql: "PRAGMA busy_timeout = \(Int(StoreFile.patience * 1000))") }
                var value: Value?
                try database.inTransaction(.immediate) {
                    value = try body(database)
                    return .commit
                }
                return value
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
            return nil
        } catch {
            throw TokenStoreError(error, path: path)
        }
    }

    /// Moves all that was written into the main file and empties the log beside it, so that nothing that was overwritten is
    /// left in either. False where a reader held on to it for too long.
    func emptyLog() throws(TokenStoreError) -> Bool {
        do {
            _ = try database.writeWithoutTransaction { try $0.checkpoint(.truncate) }
            return true
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
            return false
        } catch {
            throw TokenStoreError(error, path: path)
        }
    }

    /// SQLite goes on with a file that has been removed from its folder, and would never hear of a revocation again.
    private func checkIdentity() throws(TokenStoreError) {
        let isSame = try? file.check(isNew: false) == identity
        guard isSame == true else {
            throw TokenStoreError(
                .replaced, path: path, what: "was removed, replaced, emptied or opened to others while in use",
                advice: "put it back, or start anew")
        }
    }
}
