/// All issuers of one policy: the builtin one and those of the kind `jwt`. A token is checked by the one that its `iss` names.
///
/// Safe to use from any thread.
package final class TokenIssuers: Sendable {
    /// Told of each token that is checked: its issuer's name in the policy, empty where the token names none of those that are
    /// admitted or that cannot be told, and why it does not hold, nil where it does. On any thread; it must not wait.
    package typealias Observer = @Sendable (_ issuer: String, _ failure: TokenError?) -> Void

    private let authority: TokenAuthority
    private let observe: Observer?
    private let foreign: [String: JWTIssuer]

    /// - Parameter foreign: those of the kind `jwt`; every other name that a route gives is the builtin issuer's.
    package init(_ authority: TokenAuthority, foreign: [JWTIssuer] = [], observe: Observer? = nil) {
        self.authority = authority
        self.observe = observe
        self.foreign = Dictionary(foreign.map { ($0.name, $0) }) { first, _ in first }
    }

    /// Checks a token (RFC 7519 section 7.2, RFC 8725) by the rules of its issuer, if it is one of `issuers`.
    ///
    /// - Parameters:
    ///   - issuers: the policy's names of those that are admitted.
    ///   - audience: nil admits any that the issuer admits.
    ///   - scopes: all of them must be in the token.
    ///   - now: Unix seconds.
    package func verify(
        _ token: some StringProtocol, issuers: [String], audience: String?, scopes: [String], now: Int64
    ) throws(TokenError) -> VerifiedToken {
        var issuer = ""
        do throws(TokenError) {
            let verified = try verify(
                token, issuers: issuers, audience: audience, scopes: scopes, now: now, naming: &issuer)
            observe?(verified.issuerName, nil)
            return verified
        } catch {
            observe?(error.isOfIssuer ? issuer : "", error)
            throw error
        }
    }

    /// The same. Whose token it may be is in `issuer` where it is not said to be anybody's.
    private func verify(
        _ token: some StringProtocol, issuers: [String], audience: String?, scopes: [String], now: Int64,
        naming name: inout String
    ) throws(TokenError) -> VerifiedToken {
        name = issuers.first { foreign[$0] == nil } ?? ""
        if foreign.isEmpty {
            return try authority.verify(token, issuers: issuers, audience: audience, scopes: scopes, now: now)
        }
        try authority.checkAvailability()
        let decoded = try JWS.decode(token)
        if let issuer = try issuer(of: decoded, among: issuers) {
            name = issuer.name
            return try issuer.verify(decoded, revocations: authority, audience: audience, scopes: scopes, now: now)
        }
        guard decoded.payload["iss"] == .string(TokenClaims.builtinIssuer) else { throw .issuerUnknown }
        let builtin = issuers.filter { foreign[$0] == nil }
        return try authority.verify(decoded, issuers: builtin, audience: audience, scopes: scopes, now: now)
    }

    /// The issuer of the kind `jwt` of that name in the policy.
    func issuer(named name: String) -> JWTIssuer? { foreign[name] }

    /// Whether a token that was verified before is no longer good: revoked, or its key is no longer its issuer's.
    package func isRevoked(_ token: VerifiedToken) -> Bool {
        if authority.isRevoked(token.revocableClaims, keyID: token.keyID) { return true }
        guard !token.isBuiltin, let issuer = foreign[token.issuerName] else { return false }
        return !issuer.keys.contains(id: token.keyID)
    }

    /// Looks once more at a token that was verified a while ago: `storeUnavailable`, `revoked` or `expired` by now.
    package func recheck(_ token: VerifiedToken, now: Int64) throws(TokenError) {
        try authority.checkAvailability()
        if isRevoked(token) { throw .revoked }
        guard now < token.expiresAt else { throw .expired }
    }

    /// A look for keys that is worth waiting for, of a token that ``verify(_:issuers:audience:scopes:now:)`` has refused as
    /// `unknownKey` or `keysUnavailable`; nil where there is none. Once it is done, the token can be verified again.
    package func keyRefresh(for token: some StringProtocol, issuers: [String], now: Int64) -> KeyRefresh? {
        guard !foreign.isEmpty, let decoded = try? JWS.decode(token),
            let issuer = try? issuer(of: decoded, among: issuers)
        else { return nil }
        return issuer.refresh(for: decoded, now: now)
    }

    /// The claim for which a token is refused as `claimMismatch`, and the name in the policy of the issuer that wants it.
    package func unmetClaim(of token: DecodedToken, issuers: [String]) -> (issuer: String, claim: RequiredClaim)? {
        guard let issuer = try? issuer(of: token, among: issuers), let claim = issuer.rules.unmet(in: token.payload)
        else { return nil }
        return (issuer.name, claim)
    }

    /// The issuer of the kind `jwt` that the token names; nil where it names none of them. It chooses rules, and is not
    /// believed by that.
    private func issuer(of token: DecodedToken, among names: [String]) throws(TokenError) -> JWTIssuer? {
        guard case .string(let name) = token.payload["iss"] else { throw .malformed }
        for candidate in names {
            if let issuer = foreign[candidate], issuer.rules.issuer.utf8.elementsEqual(name.utf8) { return issuer }
        }
        return nil
    }
}

extension TokenError {
    /// Whether it is known by then whose token it is.
    fileprivate var isOfIssuer: Bool {
        switch self {
        case .missing, .malformed, .issuerUnknown, .storeUnavailable: false
        default: true
        }
    }
}
