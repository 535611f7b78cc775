internal import GRDB
package import Tokens

extension TokenStore {
    /// Makes a token and keeps what it says, in one transaction: what is answered is on record, and can be revoked.
    ///
    /// - Parameters:
    ///   - makeKey: makes the signing key where there is none.
    ///   - sign: makes the token with the key, and with the `iat` that it is given: "all issued until now" of a revocation
    ///     covers its whole second, so that a token made in that second belongs to the next. What it throws comes through.
    package func issue<Token>(
        subject: String, now: Int64, orMakeKey makeKey: () throws -> StoredKey,
        sign: (_ key: StoredKey, _ issuedAt: Int64) throws -> (token: Token, claims: TokenClaims)
    ) throws -> Token {
        var failure: (any Error)?
        do {
            return try write { database in
                try self.prune(database, now: now, limit: Self.pruneInPassing)
                let key = try self.signingKey(database, now: now, orMake: makeKey)
                let revokedUntil = try self.revokedUntil(database, subject: subject) ?? now - 1
                // No token is issued later than that.
                guard revokedUntil < .max else { throw Row.UnreadableColumn() }
                let made: (token: Token, claims: TokenClaims)
                do {
                    made = try sign(key, max(now, revokedUntil + 1))
                } catch {
                    failure = error
                    throw CancellationError()
                }
                try self.insert(database, TokenRecord(made.claims, keyID: key.id))
                return made.token
            }
        } catch {
            throw failure ?? error
        }
    }

    /// Keeps a token that was made without ``issue(subject:now:orMakeKey:sign:)``. To be called before it is handed out: what is
    /// not on record cannot be revoked by its id.
    package func record(_ token: TokenRecord) throws(TokenStoreError) {
        try write { try self.insert($0, token) }
    }

    /// Whether a token may be used once more.
    package enum Use: Sendable, Hashable {
        case admitted
        /// It was used as often as it may be; or it has expired or is not on record here, so that nobody knows how often.
        case exhausted
    }

    /// Counts one use of the token with this `jti`, of at most `limit` in all. What was answered with `admitted` counts from
    /// then on for every process, also after a crash.
    package func use(id: String, limit: Int64, now: Int64) throws(TokenStoreError) -> Use {
        try use([(id, limit)], now: now)[0]
    }

    /// The same for several uses in order, of whichever tokens, at the price of one.
    package func use(_ uses: [(id: String, limit: Int64)], now: Int64) throws(TokenStoreError) -> [Use] {
        try write { database in
            let sql = "UPDATE tokens SET uses = uses + 1 WHERE id = ? AND uses < ? AND expires > ?"
            let statement = try database.cachedStatement(sql: sql)
            return try uses.map { id, limit in
                try statement.execute(arguments: [id, limit, now])
                return database.changesCount == 1 ? .admitted : .exhausted
            }
        }
    }

    /// The token with this `jti`; nil where none is on record.
    package func token(id: String) throws(TokenStoreError) -> TokenRecord? {
        try read { database in
            let sql = "SELECT \(Self.tokenColumns) FROM tokens WHERE id = ?"
            return try Row.fetchOne(database, sql: sql, arguments: [id]).map(self.token)
        }
    }

    /// The columns that ``token(_:)`` reads, in its order.
    static let tokenColumns = """
        id, subject, audiences, scopes, issued, not_before, expires, kid, uses_limit, uses, from_address
        """

    func token(_ row: Row) throws -> TokenRecord {
        TokenRecord(
            id: try row.text(0), subject: try row.text(1), audiences: try texts(row, 2),
            scopes: try row.text(3).split(separator: " ").map(String.init), issuedAt: try row.integer(4),
            notBefore: try row.optionalInteger(5), expiresAt: try row.integer(6), keyID: try row.optionalText(7),
            usesLimit: try row.optionalInteger(8), uses: try row.integer(9), fromAddresses: try texts(row, 10))
    }

    private func insert(_ database: Database, _ token: TokenRecord) throws {
        try database.execute(
            sql: """
                INSERT INTO tokens (\(Self.tokenColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                token.id, token.subject, listText(token.audiences), token.scopes.joined(separator: " "),
                token.issuedAt, token.notBefore, token.expiresAt, token.keyID, token.usesLimit, token.uses,
                listText(token.fromAddresses),
            ])
        // Its key verifies for as long as it lives.
        try database.execute(
            sql: "UPDATE keys SET last_expiry = ? WHERE kid = ? AND last_expiry < ?",
            arguments: [token.expiresAt, token.keyID, token.expiresAt])
        // Its subject was revoked while it was being made: that revocation must now last as long as this token.
        try database.execute(
            sql: """
                UPDATE revocations SET forget_after = max(forget_after, ?)
                WHERE kind = 'subject' AND value = ? AND issued_until >= ?
                """,
            arguments: [token.expiresAt, token.subject, token.issuedAt])
    }

    private func listText(_ texts: [String]) -> String {
        String(decoding: JSON.encode(.array(texts.map { .string($0) })), as: UTF8.self)
    }

    private func texts(_ row: Row, _ index: Int) throws -> [String] {
        let text = try row.text(index)
        if text == "[]" { return [] }
        guard case .array(let values)? = JSON.decode(Array(text.utf8)) else {
            throw TokenStoreError(
                .damaged, path: path, what: "holds a list that cannot be read", advice: TokenStoreError.restore)
        }
        return values.compactMap(\.scalarText)
    }
}
