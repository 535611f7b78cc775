extension TokenIssuers {
    /// Looks at a token again that was verified under rules that may have changed since, by what was kept of it: the token as it
    /// would be verified now, or why it would not be. Its text is gone, so that what can no longer be told counts against it: a
    /// key that is another one by now, an algorithm that is no longer admitted, scopes that stand elsewhere.
    ///
    /// Whether it has expired is for the caller to say, who knows for how long it may hold a connection after that. A store that
    /// cannot be read ends nothing that lives.
    package func standing(
        of token: VerifiedToken, issuers: [String], audience: String?, scopes: [String], now: Int64
    ) throws(TokenError) -> VerifiedToken {
        if isRevoked(token) { throw .revoked }
        guard token.isBuiltin else {
            guard issuers.contains(token.issuerName), let issuer = issuer(named: token.issuerName) else {
                throw .issuerUnknown
            }
            return try issuer.standing(of: token, audience: audience, scopes: scopes, now: now)
        }
        guard issuers.contains(where: { issuer(named: $0) == nil }) else { throw .issuerUnknown }
        try token.claims.check(audience: audience, scopes: scopes)
        return token
    }
}

extension JWTIssuer {
    /// See ``TokenIssuers/standing(of:issuers:audience:scopes:now:)``.
    fileprivate func standing(
        of token: VerifiedToken, audience: String?, scopes: [String], now: Int64
    ) throws(TokenError) -> VerifiedToken {
        let claims = token.claims
        guard rules.issuer.utf8.elementsEqual(claims.issuer.utf8) else { throw .issuerUnknown }
        let key = keys.keys(id: token.keyID).first {
            rules.algorithms.contains($0.algorithm) && reading(by: $0) == token.reading
        }
        guard key != nil else { throw .unknownKey }
        try rules.checkStart(claims, now: now)
        do throws(TokenError) {
            try rules.checkPurpose(claims, payload: claims.payload)
        } catch {
            // One audience may have stood there in a list, and scopes, too: what was said is kept, not how.
            try rules.checkPurpose(claims, payload: claims.payloadOfLists)
        }
        try claims.check(audience: audience, scopes: scopes)
        return VerifiedToken(
            claims: claims, issuerName: name, keyID: token.keyID, isBuiltin: false, expiresAt: rules.end(of: claims),
            clockSkew: rules.clockSkew, reading: token.reading)
    }
}

extension TokenClaims {
    /// ``payload``, with lists wherever there may be one.
    fileprivate var payloadOfLists: [String: ClaimValue] {
        var payload = payload
        if !audiences.isEmpty { payload["aud"] = .array(audiences.map { .string($0) }) }
        if !scopes.isEmpty { payload["scope"] = .array(scopes.map { .string($0) }) }
        return payload
    }
}
