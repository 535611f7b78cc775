internal import GRDB
package import Tokens

extension TokenStore {
    /// What came of a revocation.
    package enum RevocationOutcome: Sendable, Hashable {
        /// From now on refused: so many tokens that would have been admitted.
        case revoked(tokens: Int)
        /// All of it had been revoked before.
        case alreadyRevoked
        /// All of it has expired, and is refused for that.
        case alreadyExpired
        /// Nothing of that id or subject was ever issued.
        case unknown
    }

    /// Revokes the token with this `jti`.
    package func revoke(id: String, now: Int64) throws(TokenStoreError) -> RevocationOutcome {
        try write { database in
            try self.forgetExpired(database, now: now)
            let row = try Row.fetchOne(database, sql: "SELECT * FROM tokens WHERE id = ?", arguments: [id])
            guard let token = try row.map(self.token) else { return .unknown }
            return try self.revoke(database, token, now: now)
        }
    }

    /// Revokes a token whose signature has been verified, also where it is not on record.
    package func revoke(_ claims: TokenClaims, now: Int64) throws(TokenStoreError) -> RevocationOutcome {
        try write { database in
            try self.forgetExpired(database, now: now)
            return try self.revoke(database, TokenRecord(claims), now: now)
        }
    }

    /// Revokes all tokens that the subject was issued until `now`, that second included.
    package func revoke(subject: String, now: Int64) throws(TokenStoreError) -> RevocationOutcome {
        try write { database in
            try self.forgetExpired(database, now: now)
            let rows = try Row.fetchAll(database, sql: "SELECT * FROM tokens WHERE subject = ?", arguments: [subject])
            let tokens = try rows.map(self.token)
            guard let lastExpiry = tokens.map(\.expiresAt).max() else { return .unknown }
            guard lastExpiry > now else { return .alreadyExpired }
            // A token that was issued just after an earlier revocation has an `iat` one second ahead.
            let issuedUntil = max(now, tokens.map(\.issuedAt).max() ?? now)
            let revocations = RevocationSet(try self.revocations(database, since: 0).map(\.revocation))
            let admitted = tokens.count { $0.state(at: now, revocations) == .valid }
            guard admitted > 0 else { return .alreadyRevoked }
            try self.insert(
                database, kind: "subject", value: subject, issuedUntil: issuedUntil, forgetAfter: lastExpiry)
            return .revoked(tokens: admitted)
        }
    }

    /// Until when the subject's tokens are revoked, by their `iat`; nil where they are not. A new token needs a later one.
    package func revokedUntil(subject: String) throws(TokenStoreError) -> Int64? {
        try read { database in
            try Int64.fetchOne(
                database, sql: "SELECT issued_until FROM revocations WHERE kind = 'subject' AND value = ?",
                arguments: [subject])
        }
    }

    /// The revocations that were made after the one with the number `sequence`, and the number to ask with the next time.
    /// 0 stands for the beginning. Those of tokens that have expired are left out at some time.
    package func changes(
        since sequence: Int64
    ) throws(TokenStoreError) -> (revocations: [Revocation], sequence: Int64) {
        try read { database in
            let rows = try self.revocations(database, since: sequence)
            return (rows.map(\.revocation), rows.last?.sequence ?? sequence)
        }
    }

    private func revoke(_ database: Database, _ token: TokenRecord, now: Int64) throws -> RevocationOutcome {
        guard token.expiresAt > now else { return .alreadyExpired }
        let revocations = RevocationSet(try self.revocations(database, since: 0).map(\.revocation))
        guard token.state(at: now, revocations) == .valid else { return .alreadyRevoked }
        try insert(database, kind: "id", value: token.id, issuedUntil: nil, forgetAfter: token.expiresAt)
        return .revoked(tokens: 1)
    }

    /// In the place of an earlier one of the same value, under a number that readers have not seen.
    private func insert(
        _ database: Database, kind: String, value: String, issuedUntil: Int64?, forgetAfter: Int64
    ) throws {
        try database.execute(
            sql: "INSERT OR REPLACE INTO revocations (kind, value, issued_until, forget_after) VALUES (?, ?, ?, ?)",
            arguments: [kind, value, issuedUntil, forgetAfter])
    }

    private func forgetExpired(_ database: Database, now: Int64) throws {
        try database.execute(sql: "DELETE FROM revocations WHERE forget_after <= ?", arguments: [now])
    }

    private func revocations(
        _ database: Database, since sequence: Int64
    ) throws -> [(sequence: Int64, revocation: Revocation)] {
        let sql = "SELECT * FROM revocations WHERE sequence > ? ORDER BY sequence"
        return try Row.fetchAll(database, sql: sql, arguments: [sequence]).map { row in
            let value: String = try row.value("value")
            let issuedUntil: Int64? = try row.optionalValue("issued_until")
            let forgetAfter: Int64 = try row.value("forget_after")
            let revocation: Revocation =
                if let issuedUntil {
                    .subject(value, issuedUntil: issuedUntil)
                } else {
                    .id(value, expiresAt: forgetAfter)
                }
            return (try row.value("sequence"), revocation)
        }
    }
}
