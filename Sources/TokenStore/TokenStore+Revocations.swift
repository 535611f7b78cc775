internal import GRDB
package import Tokens

extension TokenStore {
    /// What came of a revocation.
    package enum RevocationOutcome: Sendable, Hashable {
        /// From now on refused: so many tokens on record that would have been admitted, now or later. nil: they were not
        /// counted, which would be a look at every token while somebody waits.
        case revoked(tokens: Int?)
        /// All of it had been revoked before.
        case alreadyRevoked
        /// All of it has expired, and is refused for that. Sockets that a route lets it hold for longer end.
        case alreadyExpired
        /// Nothing of that id or subject was ever issued.
        case unknown
    }

    /// Revokes the token with this `jti`.
    package func revoke(id: String, now: Int64) throws(TokenStoreError) -> RevocationOutcome {
        try write { database in
            try self.prune(database, now: now, limit: Self.pruneInPassing)
            let sql = "SELECT \(Self.tokenColumns) FROM tokens WHERE id = ?"
            guard let token = try Row.fetchOne(database, sql: sql, arguments: [id]).map(self.token) else {
                return .unknown
            }
            return try self.revoke(database, token, now: now)
        }
    }

    /// Revokes a token whose signature by the key `keyID` has been verified, also where it is not on record.
    package func revoke(
        _ claims: TokenClaims, keyID: String?, now: Int64
    ) throws(TokenStoreError) -> RevocationOutcome {
        try write { database in
            try self.prune(database, now: now, limit: Self.pruneInPassing)
            return try self.revoke(database, TokenRecord(claims, keyID: keyID), now: now)
        }
    }

    /// Revokes all tokens that the subject was issued until `now`, that second included.
    package func revoke(subject: String, now: Int64) throws(TokenStoreError) -> RevocationOutcome {
        try write { database in
            try self.prune(database, now: now, limit: Self.pruneInPassing)
            guard let last = try self.last(database, subject: subject) else { return .unknown }
            let tokens = try self.unrevokedTokens(database, "subject = ? AND expires > ?", [subject, now])
            // Also where there is none left that would be admitted: what has expired may still hold a socket.
            try self.insert(
                database, .subject(subject, issuedUntil: max(now, last.issue)),
                forgetAfter: max(last.expiry, now + Self.subjectRetention))
            if last.expiry <= now { return .alreadyExpired }
            return tokens > 0 ? .revoked(tokens: tokens) : .alreadyRevoked
        }
    }

    /// Revokes everything that was issued until `now`, that second included, whether it is on record or not.
    package func revokeAll(now: Int64) throws(TokenStoreError) -> RevocationOutcome {
        try write { database in
            try self.prune(database, now: now, limit: Self.pruneInPassing)
            // A token that was issued just after an earlier revocation has an `iat` one second ahead.
            let lastIssue = try Int64.fetchOne(database, sql: "SELECT max(issued) FROM tokens") ?? now
            let issuedUntil = max(now, lastIssue)
            try self.insert(
                database, .all(issuedUntil: issuedUntil),
                forgetAfter: issuedUntil.saturatingAdd(Lifetime.maximumSeconds))
            return .revoked(tokens: nil)
        }
    }

    /// Revokes the token with this `jti`, whoever has issued it. To be kept until `keepUntil` (Unix seconds), and for as long
    /// as a token on record lives.
    package func revokeForeign(id: String, keepUntil: Int64, now: Int64) throws(TokenStoreError) {
        try write { database in
            try self.prune(database, now: now, limit: Self.pruneInPassing)
            let sql = "SELECT expires FROM tokens WHERE id = ?"
            let expiry = try Int64.fetchOne(database, sql: sql, arguments: [id]) ?? keepUntil
            let forgetAfter = max(keepUntil, expiry)
            try self.insert(database, .id(id, expiresAt: forgetAfter), forgetAfter: forgetAfter)
        }
    }

    /// Revokes all that the subject was issued until `now`, whoever has issued it; kept as ``revokeForeign(id:keepUntil:now:)``.
    package func revokeForeign(subject: String, keepUntil: Int64, now: Int64) throws(TokenStoreError) {
        try write { database in
            try self.prune(database, now: now, limit: Self.pruneInPassing)
            let last = try self.last(database, subject: subject)
            try self.insert(
                database, .subject(subject, issuedUntil: max(now, last?.issue ?? now)),
                forgetAfter: max(keepUntil, last?.expiry ?? keepUntil))
        }
    }

    /// The revocations that were made after the one with the number `sequence`, and the number to ask with the next time.
    /// 0 stands for the beginning. Those of tokens that have expired are left out at some time.
    package func changes(
        since sequence: Int64
    ) throws(TokenStoreError) -> (revocations: [Revocation], sequence: Int64) {
        try read { database in
            let sql = """
                SELECT sequence, kind, value, issued_until, forget_after FROM revocations
                WHERE sequence > ? ORDER BY sequence
                """
            var revocations: [Revocation] = []
            var last = sequence
            let rows = try Row.fetchCursor(database, sql: sql, arguments: [sequence])
            while let row = try rows.next() {
                last = try row.integer(0)
                revocations.append(try self.revocation(row))
            }
            return (revocations, last)
        }
    }

    /// Until when the subject's tokens are revoked, by their `iat`, alone or with everybody's; nil where they are not.
    func revokedUntil(_ database: Database, subject: String) throws -> Int64? {
        let sql = """
            SELECT max(issued_until) FROM revocations
            WHERE (kind = 'subject' AND value = ?) OR (kind = 'all' AND value = '')
            """
        return try Int64.fetchOne(database, sql: sql, arguments: [subject])
    }

    /// In the place of an earlier one of the same value, under a number that readers have not seen. What was revoked before
    /// stays so: times only ever move up.
    func insert(_ database: Database, _ revocation: Revocation, forgetAfter: Int64) throws {
        let (kind, value, issuedUntil): (String, String, Int64?) =
            switch revocation {
            case .id(let id, expiresAt: _): ("id", id, nil)
            case .subject(let subject, let issuedUntil): ("subject", subject, issuedUntil)
            case .key(let key): ("key", key, nil)
            case .all(let issuedUntil): ("all", "", issuedUntil)
            }
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO revocations (kind, value, issued_until, forget_after)
                SELECT :kind, :value, max(:issued, coalesce(max(issued_until), :issued)),
                    max(:forget, coalesce(max(forget_after), :forget))
                FROM revocations WHERE kind = :kind AND value = :value
                """,
            arguments: ["kind": kind, "value": value, "issued": issuedUntil, "forget": forgetAfter])
    }

    private func revoke(_ database: Database, _ token: TokenRecord, now: Int64) throws -> RevocationOutcome {
        guard token.expiresAt > now else {
            // It may still hold a socket.
            let end = now + Self.retention
            try insert(database, .id(token.id, expiresAt: end), forgetAfter: end)
            return .alreadyExpired
        }
        let isRevoked = try isRevoked(
            database, id: token.id, subject: token.subject, issuedAt: token.issuedAt, keyID: token.keyID)
        guard !isRevoked else { return .alreadyRevoked }
        try insert(database, .id(token.id, expiresAt: token.expiresAt), forgetAfter: token.expiresAt)
        return .revoked(tokens: 1)
    }

    /// The latest `iat` and the latest `exp` of the subject's tokens on record; nil where there is none.
    private func last(_ database: Database, subject: String) throws -> (issue: Int64, expiry: Int64)? {
        let sql = "SELECT max(issued), max(expires) FROM tokens WHERE subject = ?"
        guard let row = try Row.fetchOne(database, sql: sql, arguments: [subject]),
            let issue = try row.optionalInteger(0), let expiry = try row.optionalInteger(1)
        else { return nil }
        return (issue, expiry)
    }

    private func revocation(_ row: Row) throws -> Revocation {
        let value = try row.text(2)
        return switch try row.text(1) {
        case "id": .id(value, expiresAt: try row.integer(4))
        case "subject": .subject(value, issuedUntil: try row.integer(3))
        case "key": .key(value)
        case "all": .all(issuedUntil: try row.integer(3))
        // One that cannot be understood must not be passed over.
        default: throw Row.UnreadableColumn()
        }
    }
}
