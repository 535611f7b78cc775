internal import Locking

/// What a running gateway knows of keys and revocations, and the one place that decides whether a token holds.
///
/// Safe to use from any thread. The lock is held for dictionary lookups only, never while a signature is checked.
package final class TokenAuthority: Sendable {
    private struct State {
        var keys: [String: VerificationKey] = [:]
        var revocations = RevocationSet()
        var isUnavailable = false
    }

    private let state = Lock(State())

    /// Without keys every token is refused.
    package init() {}

    /// Puts these keys in the place of those known so far. Of two with one id the later counts.
    package func replaceKeys(_ keys: [VerificationKey]) {
        let byID = Dictionary(keys.map { ($0.id, $0) }) { _, later in later }
        state.withLock { $0.keys = byID }
    }

    /// Adds revocations to those known so far.
    package func add(_ revocations: [Revocation]) {
        guard !revocations.isEmpty else { return }
        state.withLock { state in
            for revocation in revocations { state.revocations.insert(revocation) }
        }
    }

    /// Puts these revocations in the place of all that were known so far: those that no longer matter are forgotten.
    package func replaceRevocations(_ revocations: RevocationSet) {
        state.withLock { $0.revocations = revocations }
    }

    /// Says that the store cannot be read, or that it can again. As long as it cannot, every token is refused: an unknown
    /// revocation must not let anybody in.
    package func markUnavailable(_ isUnavailable: Bool) {
        state.withLock { $0.isUnavailable = isUnavailable }
    }

    /// Whether a token that was admitted, signed by the key `keyID`, is revoked by now.
    package func isRevoked(_ claims: TokenClaims, keyID: String?) -> Bool {
        state.withLock { $0.revocations.isRevoked(claims, keyID: keyID) }
    }

    /// Checks a token of the builtin issuer (RFC 7519 section 7.2, RFC 8725).
    ///
    /// In this order: form, issuer, key, signature, expiry, start, revocation, audience, scopes. The first that fails is thrown.
    /// `iss` and `kid` choose what is compared and nothing else; all later checks come after the signature. No clock skew is
    /// allowed for: the tokens' clock is this machine's own.
    ///
    /// - Parameters:
    ///   - issuers: the policy's names of builtin issuers; where there are none, no token is admitted.
    ///   - audience: nil admits any.
    ///   - scopes: all of them must be in the token.
    ///   - now: Unix seconds.
    package func verify(
        _ token: some StringProtocol, issuers: [String], audience: String?, scopes: [String], now: Int64
    ) throws(TokenError) -> VerifiedToken {
        guard !issuers.isEmpty else { throw .issuerUnknown }
        try checkAvailability()
        return try verify(JWS.decode(token), issuers: issuers, audience: audience, scopes: scopes, now: now)
    }

    /// The same of a token that has been taken apart.
    func verify(
        _ token: DecodedToken, issuers: [String], audience: String?, scopes: [String], now: Int64
    ) throws(TokenError) -> VerifiedToken {
        guard let issuerName = issuers.first else { throw .issuerUnknown }
        let (claims, keyID) = try authenticate(token)
        guard now < claims.expiresAt else { throw .expired }
        if let notBefore = claims.notBefore, now < notBefore { throw .notYetValid }
        // Looked up after the slow signature, so that a revocation that came meanwhile counts.
        try checkRevocation(claims, keyID: keyID)
        try claims.check(audience: audience, scopes: scopes)
        return VerifiedToken(claims: claims, issuerName: issuerName, keyID: keyID)
    }

    /// Whether nothing is known against a token, whoever has issued it. Where nothing can be known, it is not admitted.
    func checkRevocation(_ claims: TokenClaims, keyID: String) throws(TokenError) {
        try state.withLock { state throws(TokenError) in
            if state.isUnavailable { throw .storeUnavailable }
            if state.revocations.isRevoked(claims, keyID: keyID) { throw .revoked }
        }
    }

    /// Who a token is of, by its form, issuer, key and signature alone: it may have expired, be revoked, or be meant for another
    /// audience. For a person who holds a token and wants to act on it; nobody is to be admitted by this.
    package func authenticate(
        _ token: some StringProtocol
    ) throws(TokenError) -> (claims: TokenClaims, keyID: String) {
        try checkAvailability()
        return try authenticate(JWS.decode(token))
    }

    /// Throws `storeUnavailable` as long as nothing can be known of any token.
    func checkAvailability() throws(TokenError) {
        guard isAvailable else { throw .storeUnavailable }
    }

    /// Whether tokens can be judged at all.
    package var isAvailable: Bool { !state.withLock { $0.isUnavailable } }

    private func authenticate(_ decoded: DecodedToken) throws(TokenError) -> (claims: TokenClaims, keyID: String) {
        // Those that are made here say `JWT`.
        guard decoded.header.type != "at+jwt" else { throw .malformed }
        let claims = try decoded.claims()
        guard claims.isBuiltin else { throw .issuerUnknown }
        guard let keyID = decoded.header.keyID, let key = state.withLock({ $0.keys[keyID] }) else { throw .unknownKey }
        // The key says which algorithm; the header may only agree (RFC 8725 section 3.1).
        guard decoded.header.algorithm == key.algorithm.rawValue,
            key.verifier.isValid(decoded.signature, for: decoded.signingInput)
        else { throw .signatureInvalid }
        return (claims, keyID)
    }
}
