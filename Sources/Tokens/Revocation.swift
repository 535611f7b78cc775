/// That a token, or all that a subject had been given, is no longer admitted.
package enum Revocation: Sendable, Hashable {
    /// The token with this `jti`. `expiresAt` is its `exp`: the revocation can be forgotten from then on.
    case id(String, expiresAt: Int64)
    /// All tokens of this `sub` with `iat` up to and including `issuedUntil`.
    case subject(String, issuedUntil: Int64)

    /// Whether a token with these claims is one of those that are meant.
    package func covers(_ claims: TokenClaims) -> Bool {
        switch self {
        case .id(let id, expiresAt: _): claims.id == id
        case .subject(let subject, let issuedUntil): claims.subject == subject && claims.issuedAt <= issuedUntil
        }
    }
}

/// All revocations that still matter. A lookup takes the same time however many there are.
package struct RevocationSet: Sendable {
    /// `jti` to `exp`.
    private var ids: [String: Int64] = [:]
    /// `sub` to the last `iat` that is revoked: one entry a subject, however often it is revoked.
    private var subjects: [String: Int64] = [:]

    package init() {}

    package init(_ revocations: some Sequence<Revocation>) {
        for revocation in revocations { insert(revocation) }
    }

    package var count: Int { ids.count + subjects.count }

    /// Adds a revocation. What was revoked before stays so: times only ever move up.
    package mutating func insert(_ revocation: Revocation) {
        switch revocation {
        case .id(let id, let expiresAt):
            ids[id] = max(expiresAt, ids[id] ?? .min)
        case .subject(let subject, let issuedUntil):
            subjects[subject] = max(issuedUntil, subjects[subject] ?? .min)
        }
    }

    package func isRevoked(_ claims: TokenClaims) -> Bool {
        isRevoked(id: claims.id, subject: claims.subject, issuedAt: claims.issuedAt)
    }

    /// By `jti`, `sub` and `iat`.
    package func isRevoked(id: String, subject: String, issuedAt: Int64) -> Bool {
        if ids[id] != nil { return true }
        guard let issuedUntil = subjects[subject] else { return false }
        return issuedAt <= issuedUntil
    }

    /// Forgets revocations of tokens that have expired by `now`: these are refused as expired.
    /// Those of subjects stay, as the tokens that they cover are not known here.
    package mutating func prune(now: Int64) {
        ids = ids.filter { $0.value > now }
    }
}
