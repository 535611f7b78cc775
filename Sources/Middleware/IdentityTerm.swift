package import PolicyModel
import Tokens

/// Until when a token holds the connection that it has opened, and why no longer.
package struct IdentityTerm: Sendable, Hashable {
    /// Unix seconds.
    package let end: Int64
    package let reason: CloseReason

    /// The earlier of a token's expiry, with the route's grace, and the greatest age that the route allows.
    init(of token: VerifiedToken, _ settings: TokenSettings) {
        let expiry = token.expiresAt.saturatingAdd(settings.expiryGrace.components.seconds)
        guard let tooOld = Self.tooOld(token, settings), tooOld < expiry else {
            (end, reason) = (expiry, .tokenExpired)
            return
        }
        (end, reason) = (tooOld, .tokenTooOld)
    }

    /// When a token is older than the route allows; nil where any age will do.
    static func tooOld(_ token: VerifiedToken, _ settings: TokenSettings) -> Int64? {
        settings.maximumAge.map { token.claims.issuedAt.saturatingAdd($0.components.seconds) }
    }
}
