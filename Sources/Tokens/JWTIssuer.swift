/// An issuer of the kind `jwt`: what its tokens must say, and the keys that they are checked with.
package struct JWTIssuer: Sendable {
    /// In the policy.
    package let name: String
    package let rules: JWTRules
    package let keys: TokenKeys
    /// nil where the keys cannot be asked for out of turn.
    package let source: (any TokenKeySource)?

    package init(name: String, rules: JWTRules, keys: TokenKeys, source: (any TokenKeySource)? = nil) {
        self.name = name
        self.rules = rules
        self.keys = keys
        self.source = source
    }

    /// Checks a token that names this issuer.
    ///
    /// In this order: algorithm, claims' form, key, signature, times, revocation, audiences, required claims, scopes.
    func verify(
        _ token: DecodedToken, revocations: TokenAuthority, audience: String?, scopes: [String], now: Int64
    ) throws(TokenError) -> VerifiedToken {
        let algorithm = try algorithm(of: token)
        let claims = try TokenClaims(foreign: token.payload, scopes: rules.scopes)
        let candidates = try keys.candidates(token.header.keyID, algorithm)
        guard let key = candidates.first(where: { $0.verifier.isValid(token.signature, for: token.signingInput) })
        else { throw .signatureInvalid }
        try rules.checkTime(claims, now: now)
        let verified = VerifiedToken(
            claims: claims, issuerName: name, keyID: key.id, isBuiltin: false, expiresAt: rules.end(of: claims),
            clockSkew: rules.clockSkew, reading: reading(by: key))
        // Looked up after the slow signature, so that a revocation that came meanwhile counts.
        try revocations.checkRevocation(verified.revocableClaims, keyID: key.id)
        try rules.checkPurpose(claims, payload: token.payload)
        try claims.check(audience: audience, scopes: scopes)
        return verified
    }

    /// How a token is read that this key has verified.
    func reading(by key: VerificationKey) -> Int {
        var hasher = Hasher()
        hasher.combine(key.mark)
        hasher.combine(key.algorithm)
        hasher.combine(rules.scopes)
        return hasher.finalize()
    }

    /// A look for the key of a token that was refused for want of it. None for one that would be refused all the same.
    func refresh(for token: DecodedToken, now: Int64) -> KeyRefresh? {
        guard let source, (try? algorithm(of: token)) != nil,
            let claims = try? TokenClaims(foreign: token.payload, scopes: rules.scopes),
            (try? rules.checkTime(claims, now: now)) != nil,
            (try? rules.checkPurpose(claims, payload: token.payload)) != nil
        else { return nil }
        return source.learn()
    }

    private func algorithm(of token: DecodedToken) throws(TokenError) -> SignatureAlgorithm {
        guard let algorithm = SignatureAlgorithm(rawValue: token.header.algorithm), rules.algorithms.contains(algorithm)
        else { throw .signatureInvalid }
        return algorithm
    }
}
