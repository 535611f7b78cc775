import Engine
import Middleware
import PolicyModel
import TokenStore
import Tokens

/// Whether a gateway would admit a token now, and why not.
struct AdmissionQuestion {
    /// What the route asks for; nil for any.
    let audience: String?
    let scopes: [String]
    /// Where the client is; nil where that is not to be judged.
    let address: IPAddress?
    /// Unix seconds.
    let now: Int64

    /// What stands in a token's way.
    struct Obstacle {
        /// As a gateway would call it.
        let reason: String
        /// For people.
        let explanation: String
    }

    /// nil: a gateway with this state folder would admit it.
    func obstacle(to token: String, in state: StateOptions) -> Obstacle? {
        let store: TokenStore
        let authority: TokenAuthority
        do {
            store = try TokenStore(stateDirectory: state.directory, createIfMissing: false)
            authority = try TokenAuthority(keysOf: store, now: now)
        } catch {
            Console.note("portcullis: \(error)")
            return obstacle(of: .storeUnavailable)
        }
        do {
            return try obstacle(to: token, store, authority)
        } catch let error as TokenError {
            return obstacle(of: error, try? authority.authenticate(token), store)
        } catch {
            Console.note("portcullis: \(error)")
            return obstacle(of: .storeUnavailable)
        }
    }

    private func obstacle(
        to token: String, _ store: TokenStore, _ authority: TokenAuthority
    ) throws -> Obstacle? {
        let (claims, keyID) = try authority.authenticate(token)
        let isRevoked = try store.isRevoked(
            id: claims.id, subject: claims.subject, issuedAt: claims.issuedAt, keyID: keyID)
        if isRevoked { authority.add([.id(claims.id, expiresAt: claims.expiresAt)]) }
        _ = try authority.verify(
            token, issuers: [TokenClaims.builtinIssuer], audience: audience, scopes: scopes, now: now)
        if let address, !claims.fromAddresses.isEmpty {
            let networks = try claims.fromAddresses.map { try CIDR($0) }
            guard CIDRSet(networks).contains(address) else {
                return Obstacle(
                    reason: PolicyModel.RefusalReason.tokenAddressMismatch.rawValue,
                    explanation: "it is bound to \(claims.fromAddresses.joined(separator: ", "))")
            }
        }
        guard let limit = claims.uses else { return nil }
        guard let record = try store.token(id: claims.id) else {
            return Obstacle(
                reason: PolicyModel.RefusalReason.tokenExhausted.rawValue,
                explanation: "its uses are limited, and it is not on record in this folder")
        }
        guard record.uses >= limit else { return nil }
        return Obstacle(
            reason: PolicyModel.RefusalReason.tokenExhausted.rawValue,
            explanation: "it was used \(record.uses) times, of \(limit)")
    }

    private func obstacle(
        of error: TokenError, _ token: (claims: TokenClaims, keyID: String)? = nil, _ store: TokenStore? = nil
    ) -> Obstacle {
        let explanation =
            switch error {
            case .missing, .malformed: "it is no token of a form that is taken"
            case .signatureInvalid: "its signature is not that of the key that it names"
            case .unknownKey: "no key that verifies has its `kid`: it was signed elsewhere, or its key has ended"
            case .issuerUnknown: "it was not made by `portcullis token issue`"
            case .expired: "it ended at \(time(token?.claims.expiresAt))"
            case .notYetValid: "it begins at \(time(token?.claims.notBefore))"
            case .revoked: isRetired(token?.keyID, store) ? "its key is retired" : "it is revoked"
            case .audienceMismatch: "it is not for that audience"
            case .scopeMissing: "it lacks a scope"
            case .claimMismatch: "it lacks a claim that its issuer must give"
            case .keysUnavailable: "the keys of its issuer are not known"
            case .storeUnavailable: "the token store cannot be read"
            }
        return Obstacle(reason: PolicyModel.RefusalReason(error).rawValue, explanation: explanation)
    }

    private func time(_ unixSeconds: Int64?) -> String {
        unixSeconds.map { Timestamp.rfc3339($0) } ?? "a time that cannot be told"
    }

    private func isRetired(_ keyID: String?, _ store: TokenStore?) -> Bool {
        (try? store?.publicKeys(now: now).contains { $0.id == keyID && $0.state == .retired }) ?? false
    }
}
