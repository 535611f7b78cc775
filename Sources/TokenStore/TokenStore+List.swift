internal import GRDB

/// Which of the tokens on record are asked for; without any demand, all of them.
package struct TokenFilter: Sendable, Hashable {
    package var subject: String?
    package var state: TokenRecord.State?
    /// One that must be among the token's.
    package var audience: String?
    /// One that must be among the token's.
    package var scope: String?
    /// At most so many, the oldest first; nil for all.
    package var limit: Int?

    package init(
        subject: String? = nil, state: TokenRecord.State? = nil, audience: String? = nil, scope: String? = nil,
        limit: Int? = nil
    ) {
        self.subject = subject
        self.state = state
        self.audience = audience
        self.scope = scope
        self.limit = limit
    }
}

extension TokenStore {
    /// Gives `body` the tokens that `filter` asks for, the oldest first, one after the other, each with its state at `now`.
    /// However many there are, one is in memory at a time. Writers are not kept waiting meanwhile.
    package func forEachToken(
        _ filter: TokenFilter = TokenFilter(), now: Int64, _ body: (TokenRecord, TokenRecord.State) -> Void
    ) throws(TokenStoreError) {
        let (condition, values) = Self.condition(filter)
        var arguments: StatementArguments = ["now": now]
        arguments += values
        try read { database in
            let sql = """
                SELECT \(Self.tokenColumns), \(Self.stateExpression) AS state FROM tokens \(condition)
                ORDER BY issued, rowid LIMIT :limit
                """
            let rows = try Row.fetchCursor(database, sql: sql, arguments: arguments)
            while let row = try rows.next() { body(try self.token(row), try self.state(row, 11)) }
        }
    }

    /// The state of the token with this `jti`, `sub`, `iat` and `kid`, as far as revocations go, on record or not.
    package func isRevoked(
        id: String, subject: String, issuedAt: Int64, keyID: String?
    ) throws(TokenStoreError) -> Bool {
        try read { database in
            try self.isRevoked(database, id: id, subject: subject, issuedAt: issuedAt, keyID: keyID)
        }
    }

    func isRevoked(
        _ database: Database, id: String, subject: String, issuedAt: Int64, keyID: String?
    ) throws -> Bool {
        let sql = "SELECT \(Self.revokedExpression(id: ":id", subject: ":subject", issued: ":issued", kid: ":kid"))"
        let arguments: StatementArguments = ["id": id, "subject": subject, "issued": issuedAt, "kid": keyID]
        return try Bool.fetchOne(database, sql: sql, arguments: arguments) ?? true
    }

    /// How many of the tokens that `condition` (SQL) chooses are neither expired nor revoked.
    func unrevokedTokens(
        _ database: Database, _ condition: String, _ arguments: StatementArguments
    ) throws -> Int {
        let sql = "SELECT count(*) FROM tokens WHERE (\(condition)) AND NOT \(Self.tokenIsRevoked)"
        return try Int.fetchOne(database, sql: sql, arguments: arguments) ?? 0
    }

    func state(_ row: Row, _ index: Int) throws -> TokenRecord.State {
        guard let state = TokenRecord.State(rawValue: try row.text(index)) else { throw Row.UnreadableColumn() }
        return state
    }

    /// `:now` is what it is judged by.
    static let stateExpression = """
        CASE
            WHEN expires <= :now THEN 'expired'
            WHEN \(tokenIsRevoked) THEN 'revoked'
            WHEN uses >= uses_limit THEN 'exhausted'
            WHEN not_before > :now THEN 'not-yet-valid'
            ELSE 'valid'
        END
        """

    private static let tokenIsRevoked = revokedExpression(
        id: "tokens.id", subject: "tokens.subject", issued: "tokens.issued", kid: "tokens.kid")

    private static func revokedExpression(id: String, subject: String, issued: String, kid: String) -> String {
        """
        (EXISTS (SELECT 1 FROM revocations WHERE kind = 'id' AND value = \(id))
            OR EXISTS (SELECT 1 FROM revocations WHERE kind = 'subject' AND value = \(subject) AND issued_until >= \(issued))
            OR EXISTS (SELECT 1 FROM revocations WHERE kind = 'all' AND value = '' AND issued_until >= \(issued))
            OR EXISTS (SELECT 1 FROM revocations WHERE kind = 'key' AND value = \(kid)))
        """
    }

    private static func condition(_ filter: TokenFilter) -> (sql: String, arguments: StatementArguments) {
        var terms: [String] = []
        // Below 0: no limit.
        var arguments: StatementArguments = ["limit": filter.limit ?? -1]
        if let subject = filter.subject {
            terms.append("subject = :subject")
            arguments += ["subject": subject]
        }
        if let state = filter.state {
            terms.append("\(stateExpression) = :state")
            arguments += ["state": state.rawValue]
        }
        if let audience = filter.audience {
            terms.append("EXISTS (SELECT 1 FROM json_each(audiences) WHERE value = :audience)")
            arguments += ["audience": audience]
        }
        if let scope = filter.scope {
            terms.append("instr(' ' || scopes || ' ', ' ' || :scope || ' ') > 0")
            arguments += ["scope": scope]
        }
        return (terms.isEmpty ? "" : "WHERE " + terms.joined(separator: " AND "), arguments)
    }
}
