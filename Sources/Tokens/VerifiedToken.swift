/// A token whose signature, issuer, times, audience and scopes have been checked: only ``TokenAuthority`` makes one.
package struct VerifiedToken: Sendable, Hashable {
    package let claims: TokenClaims
    /// The issuer's name in the policy, not its `iss`.
    package let issuerName: String
    /// `kid` of the key that signed it.
    package let keyID: String

    // Internal, so that no other target can claim to have verified something.
    init(claims: TokenClaims, issuerName: String, keyID: String) {
        self.claims = claims
        self.issuerName = issuerName
        self.keyID = keyID
    }

    package var subject: String { claims.subject }
    package var id: String { claims.id }
    package var scopes: [String] { claims.scopes }
    /// Unix seconds; the token has ended at this second.
    package var expiresAt: Int64 { claims.expiresAt }

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
