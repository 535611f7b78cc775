package import TokenStore
internal import Tokens

/// What is to be revoked: the same for the command line and for the operators' door.
package enum RevocationRequest: Sendable {
    /// The token with this id (`jti`).
    case id(String)
    /// All that the subject was issued until now.
    case subject(String)
    /// Everything that was issued until now, by any issuer.
    case all
    /// The token itself.
    case token(String)

    /// The token was not issued from this store, as far as can be told: nobody may be revoked by a token that anybody can write.
    package struct NotIssuedHere: Error, Sendable {}

    /// That there is nothing to revoke, in words; `place` is where it would have been issued from. `what` is what ``perform(in:now:)``
    /// has given.
    package func unknown(_ what: String, from place: String) -> String {
        if case .subject(let subject) = self {
            return "nothing was revoked: no token was issued for subject \(subject) from \(place)"
        }
        return "nothing was revoked: \(what) was never issued from \(place)"
    }

    /// Revokes it; gives what came of that, and what it was, in words. Throws ``NotIssuedHere``, and what the store throws. `now`
    /// is in Unix seconds.
    package func perform(
        in store: TokenStore, now: Int64
    ) throws -> (outcome: TokenStore.RevocationOutcome, what: String) {
        switch self {
        case .id(let id):
            return (try store.revoke(id: id, now: now), "token \(id)")
        case .subject(let subject):
            return (try store.revoke(subject: subject, now: now), "every token of subject \(subject)")
        case .all:
            return (try store.revokeAll(now: now), "every token that was issued until now")
        case .token(let token):
            let authority = try TokenAuthority(keysOf: store, now: now)
            let (claims, keyID): (TokenClaims, String)
            do throws(TokenError) {
                (claims, keyID) = try authority.authenticate(token)
            } catch {
                throw NotIssuedHere()
            }
            return (
                try store.revoke(claims, keyID: keyID, now: now), "token \(claims.id) of subject \(claims.subject)"
            )
        }
    }
}
