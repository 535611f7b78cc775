package import TokenStore
package import Tokens

extension TokenRecord {
    /// What programs are told of a token on record.
    package func members(_ state: State) -> [String: ClaimValue] {
        var members: [String: ClaimValue] = [
            "id": .string(id), "subject": .string(subject), "audiences": .array(audiences.map { .string($0) }),
            "scopes": .array(scopes.map { .string($0) }), "issued_at": .string(Timestamp.rfc3339(issuedAt)),
            "expires_at": .string(Timestamp.rfc3339(expiresAt)), "state": .string(state.rawValue),
        ]
        members["not_before"] = notBefore.map { .string(Timestamp.rfc3339($0)) }
        members["key_id"] = keyID.map { .string($0) }
        if let usesLimit {
            members["uses"] = .integer(uses)
            members["uses_limit"] = .integer(usesLimit)
        }
        if !fromAddresses.isEmpty { members["from_address"] = .array(fromAddresses.map { .string($0) }) }
        return members
    }
}

extension TokenClaims {
    /// What programs are told of a token that was just issued, and never again.
    package func members(token: String) -> [String: ClaimValue] {
        var members: [String: ClaimValue] = [
            "token": .string(token), "id": .string(id), "subject": .string(subject),
            "audiences": .array(audiences.map { .string($0) }), "scopes": .array(scopes.map { .string($0) }),
            "issued_at": .string(Timestamp.rfc3339(issuedAt)), "expires_at": .string(Timestamp.rfc3339(expiresAt)),
        ]
        members["not_before"] = notBefore.map { .string(Timestamp.rfc3339($0)) }
        members["uses"] = uses.map { .integer($0) }
        if !fromAddresses.isEmpty { members["from_address"] = .array(fromAddresses.map { .string($0) }) }
        return members
    }
}
