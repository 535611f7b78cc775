internal import GRDB

extension TokenStore {
    /// How long a token that has expired can still be listed, in seconds.
    static let retention: Int64 = 7 * 86_400

    /// How long a subject's revocation is kept at least, in seconds: it holds for tokens of other issuers, too, of whose ends
    /// there is no record.
    static let subjectRetention: Int64 = 30 * 86_400

    /// How many rows of each kind an issue or a revocation removes in passing: more than it adds, so that the tables shrink.
    static let pruneInPassing = 16

    /// Removes, in one short transaction, up to `limit` tokens that expired a week ago, and as many revocations of tokens that
    /// have expired. Whether there may be more. Does not wait for another writer: then there may be.
    package func prune(now: Int64, limit: Int) throws(TokenStoreError) -> Bool {
        try writeUnlessBusy { try self.prune($0, now: now, limit: limit) } ?? true
    }

    /// The same in a transaction of the caller's.
    @discardableResult
    func prune(_ database: Database, now: Int64, limit: Int) throws -> Bool {
        try database.execute(
            sql: """
                DELETE FROM tokens
                WHERE rowid IN (SELECT rowid FROM tokens WHERE expires <= ? ORDER BY expires LIMIT ?)
                """,
            arguments: [now - Self.retention, limit])
        let tokens = database.changesCount
        try database.execute(
            sql: """
                DELETE FROM revocations
                WHERE sequence IN (
                    SELECT sequence FROM revocations WHERE forget_after <= ? ORDER BY forget_after LIMIT ?)
                """,
            arguments: [now, limit])
        return tokens == limit || database.changesCount == limit
    }
}
