/// Why a token was not accepted. Each case is one refusal reason of the same name; none carries text of the peer's.
package enum TokenError: Error, Sendable, Hashable, CaseIterable {
    /// Nothing was carried. Never thrown in this target: it is for whoever looks for a token.
    case missing
    /// Not a compact JWS of at most 8 KiB with the claims that a token needs; or it asks for an extension (`crit`), or for `none`.
    case malformed
    /// The signature does not match, or the header names another algorithm than the one that its key is pinned to.
    case signatureInvalid
    /// No `kid`, or one that no key has.
    case unknownKey
    /// `iss` is none of the issuers that are admitted here.
    case issuerUnknown
    /// `exp` is now or earlier.
    case expired
    /// `nbf` is later than now.
    case notYetValid
    /// The token's id, or everything of its subject until its time of issue, has been revoked.
    case revoked
    /// A claim that the issuer's tokens must have here is missing or has another value.
    case claimMismatch
    /// `aud` does not hold the audience that is asked for.
    case audienceMismatch
    /// `scope` does not hold all of the scopes that are asked for.
    case scopeMissing
    /// Keys and revocations cannot be read, so that no token can be known to be good.
    case storeUnavailable
    /// The issuer's keys have never been there, so that none of its tokens can be checked.
    case keysUnavailable
}
