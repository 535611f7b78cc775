/// A token whose signature, issuer, times, audience and scopes have been checked: only ``TokenAuthority`` and ``JWTIssuer`` make one.
package struct VerifiedToken: Sendable, Hashable {
    package let claims: TokenClaims
    /// The issuer's name in the policy, not its `iss`.
    package let issuerName: String
    /// `kid` of the key that signed it; for another issuer's, ``IssuerKey/id``.
    package let keyID: String
    /// Whether `portcullis token issue` has made it.
    package let isBuiltin: Bool
    /// Unix seconds; the token has ended at this second. For another issuer's, its `exp` and the clock skew that is allowed for.
    package let expiresAt: Int64
    /// How far its issuer's clock may be ahead of this one, in seconds.
    private let clockSkew: Int64
    /// By which key and which algorithm it was verified, and where its scopes were found, in a form that can be compared within
    /// one process; 0 for the builtin issuer's.
    let reading: Int

    // Internal, so that no other target can claim to have verified something.
    init(
        claims: TokenClaims, issuerName: String, keyID: String, isBuiltin: Bool = true, expiresAt: Int64? = nil,
        clockSkew: Int64 = 0, reading: Int = 0
    ) {
        self.claims = claims
        self.issuerName = issuerName
        self.keyID = keyID
        self.isBuiltin = isBuiltin
        self.expiresAt = expiresAt ?? claims.expiresAt
        self.clockSkew = clockSkew
        self.reading = reading
    }

    /// The claims as revocations look at them: by this clock it may have been issued as much earlier, and what may have been
    /// revoked is.
    package var revocableClaims: TokenClaims {
        var claims = claims
        let (earliest, overflow) = claims.issuedAt.subtractingReportingOverflow(clockSkew)
        claims.issuedAt = overflow ? .min : earliest
        return claims
    }

    package var subject: String { claims.subject }
    package var id: String { claims.id }
    package var scopes: [String] { claims.scopes }

    /// A claim as text, for a header that a policy fills in; nil where there is none, or where it is null, an array or an object.
    ///
    /// The text is the issuer's, and is not checked for characters that a header may not hold.
    package func claim(_ name: String) -> String? {
        switch name {
        case "sub": claims.subject
        case "jti": claims.id
        case "iss": claims.issuer
        case "iat": String(claims.issuedAt)
        case "exp": String(claims.expiresAt)
        case "nbf": claims.notBefore.map { String($0) }
        case "scope": claims.scopes.isEmpty ? nil : claims.scopes.joined(separator: " ")
        case "aud": claims.audiences.count == 1 ? claims.audiences[0] : nil
        default: claims.other[name]?.scalarText
        }
    }
}
