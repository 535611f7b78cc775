internal import GRDB
internal import Tokens

extension TokenStore {
    /// Keeps what was issued. To be called before the token is handed out: what is not on record cannot be revoked by its id.
    package func record(_ token: TokenRecord) throws(TokenStoreError) {
        try write { database in
            try database.execute(
                sql: """
                    INSERT INTO tokens (id, subject, audiences, scopes, issued, not_before, expires)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    token.id, token.subject, audiencesText(token.audiences), token.scopes.joined(separator: " "),
                    token.issuedAt, token.notBefore, token.expiresAt,
                ])
            // Its subject was revoked while it was being made: that revocation must now last as long as this token.
            try database.execute(
                sql: """
                    UPDATE revocations SET forget_after = max(forget_after, ?)
                    WHERE kind = 'subject' AND value = ? AND issued_until >= ?
                    """,
                arguments: [token.expiresAt, token.subject, token.issuedAt])
        }
    }

    /// All tokens that were issued, the oldest first.
    package func tokens() throws(TokenStoreError) -> [TokenRecord] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM tokens ORDER BY issued, rowid").map(self.token)
        }
    }

    /// The token with this `jti`; nil where none was issued.
    package func token(id: String) throws(TokenStoreError) -> TokenRecord? {
        try read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM tokens WHERE id = ?", arguments: [id]).map(self.token)
        }
    }

    func token(_ row: Row) throws -> TokenRecord {
        let scopes: String = try row.value("scopes")
        return TokenRecord(
            id: try row.value("id"), subject: try row.value("subject"), audiences: try audiences(row),
            scopes: scopes.split(separator: " ").map(String.init), issuedAt: try row.value("issued"),
            notBefore: try row.optionalValue("not_before"), expiresAt: try row.value("expires"))
    }

    private func audiencesText(_ audiences: [String]) -> String {
        String(decoding: JSON.encode(.array(audiences.map { .string($0) })), as: UTF8.self)
    }

    private func audiences(_ row: Row) throws -> [String] {
        let text: String = try row.value("audiences")
        guard case .array(let values)? = JSON.decode(Array(text.utf8)) else {
            throw TokenStoreError(
                .damaged, path: path, what: "holds audiences that cannot be read", advice: TokenStoreError.restore)
        }
        return values.compactMap(\.scalarText)
    }
}
