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
    /// `kid` of the key that signed it; nil where that is not known.
    package let keyID: String?
    /// How many connections it is good for in all; nil for any number.
    package let usesLimit: Int64?
    /// Connections that it was admitted for, counted where there is a limit.
    package let uses: Int64
    /// The networks that it is bound to, as CIDR texts; none where it is good from anywhere.
    package let fromAddresses: [String]

    package init(
        id: String, subject: String, audiences: [String], scopes: [String], issuedAt: Int64, notBefore: Int64?,
        expiresAt: Int64, keyID: String? = nil, usesLimit: Int64? = nil, uses: Int64 = 0, fromAddresses: [String] = []
    ) {
        self.id = id
        self.subject = subject
        self.audiences = audiences
        self.scopes = scopes
        self.issuedAt = issuedAt
        self.notBefore = notBefore
        self.expiresAt = expiresAt
        self.keyID = keyID
        self.usesLimit = usesLimit
        self.uses = uses
        self.fromAddresses = fromAddresses
    }

    /// Of a token with these claims, signed by the key `keyID`, and not used yet.
    package init(_ claims: TokenClaims, keyID: String?) {
        self.init(
            id: claims.id, subject: claims.subject, audiences: claims.audiences, scopes: claims.scopes,
            issuedAt: claims.issuedAt, notBefore: claims.notBefore, expiresAt: claims.expiresAt, keyID: keyID,
            usesLimit: claims.uses, fromAddresses: claims.fromAddresses)
    }

    /// Whether a gateway would admit it. Of several reasons against it the first counts.
    package enum State: String, Sendable, CaseIterable {
        /// No more than that: its revocation may have been forgotten.
        case expired
        case revoked
        /// Used as often as it may be.
        case exhausted
        case notYetValid = "not-yet-valid"
        case valid
    }
}
