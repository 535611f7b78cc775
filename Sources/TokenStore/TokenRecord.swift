package import Tokens

/// What the store keeps of a token that was issued. Times are Unix seconds.
package struct TokenRecord: Sendable, Hashable {
    /// `jti`.
    package let id: String
    package let subject: String
    package let audiences: [String]
    package let scopes: [String]
    package let issuedAt: Int64
    package let notBefore: Int64?
    package let expiresAt: Int64

    package init(
        id: String, subject: String, audiences: [String], scopes: [String], issuedAt: Int64, notBefore: Int64?,
        expiresAt: Int64
    ) {
        self.id = id
        self.subject = subject
        self.audiences = audiences
        self.scopes = scopes
        self.issuedAt = issuedAt
        self.notBefore = notBefore
        self.expiresAt = expiresAt
    }

    package init(_ claims: TokenClaims) {
        self.init(
            id: claims.id, subject: claims.subject, audiences: claims.audiences, scopes: claims.scopes,
            issuedAt: claims.issuedAt, notBefore: claims.notBefore, expiresAt: claims.expiresAt)
    }

    package enum State: String, Sendable, CaseIterable {
        case valid
        case expired
        case revoked
    }

    /// Whether a gateway would admit it at `now`. An expired token is no more than that: its revocation may be forgotten.
    package func state(at now: Int64, _ revocations: RevocationSet) -> State {
        if expiresAt <= now { return .expired }
        return revocations.isRevoked(id: id, subject: subject, issuedAt: issuedAt) ? .revoked : .valid
    }
}
