/// What a token of another issuer must say to be admitted (RFC 7519 section 4.1, RFC 8725 section 3).
package struct JWTRules: Sendable, Hashable {
    /// Compared with `iss` byte by byte.
    package var issuer: String
    /// At least one of the token's `aud` must be one of these.
    package var audiences: [String]
    /// No other `alg` is looked at.
    package var algorithms: Set<SignatureAlgorithm>
    /// How far the issuer's clock may be from this one, in seconds, either way.
    package var clockSkew: Int64
    /// Where the scopes stand; see ``TokenClaims/init(foreign:scopes:)``.
    package var scopes: ClaimPointer?
    /// All of them must hold.
    package var requiredClaims: [RequiredClaim]

    package init(
        issuer: String, audiences: [String], algorithms: Set<SignatureAlgorithm>, clockSkew: Int64 = 30,
        scopes: ClaimPointer? = nil, requiredClaims: [RequiredClaim] = []
    ) {
        self.issuer = issuer
        self.audiences = audiences
        self.algorithms = algorithms
        self.clockSkew = clockSkew
        self.scopes = scopes
        self.requiredClaims = requiredClaims
    }

    /// `expired` or `notYetValid` where `now` is not within the token's time. One that says it will be issued later is not yet
    /// valid either.
    func checkTime(_ claims: TokenClaims, now: Int64) throws(TokenError) {
        guard now < end(of: claims) else { throw .expired }
        try checkStart(claims, now: now)
    }

    /// `notYetValid` where the token's time has not begun.
    func checkStart(_ claims: TokenClaims, now: Int64) throws(TokenError) {
        let latest = now.saturatingAdd(clockSkew)
        if let notBefore = claims.notBefore, notBefore > latest { throw .notYetValid }
        if claims.issuedAt > latest { throw .notYetValid }
    }

    /// Whether the token is meant for here.
    func checkPurpose(_ claims: TokenClaims, payload: [String: ClaimValue]) throws(TokenError) {
        guard audiences.contains(where: claims.audiences.containsBytes(of:)) else { throw .audienceMismatch }
        guard unmet(in: payload) == nil else { throw .claimMismatch }
    }

    /// The first of the required claims that does not hold.
    func unmet(in payload: [String: ClaimValue]) -> RequiredClaim? { requiredClaims.first { !$0.holds(in: payload) } }

    /// From this second on the token is not admitted.
    func end(of claims: TokenClaims) -> Int64 { claims.expiresAt.saturatingAdd(clockSkew) }
}

/// A claim that a token must have, with a certain value.
package struct RequiredClaim: Sendable, Hashable {
    package enum Test: Sendable, Hashable {
        case equals(ClaimValue)
        /// An array with that value in it.
        case contains(ClaimValue)
    }

    package var pointer: ClaimPointer
    package var test: Test

    package init(_ pointer: ClaimPointer, _ test: Test) {
        self.pointer = pointer
        self.test = test
    }

    func holds(in payload: [String: ClaimValue]) -> Bool {
        guard let value = pointer.value(in: payload) else { return false }
        switch test {
        case .equals(let wanted): return value.isSame(as: wanted)
        case .contains(let wanted):
            guard case .array(let elements) = value else { return false }
            return elements.contains { $0.isSame(as: wanted) }
        }
    }
}

extension ClaimValue {
    /// As JSON compares: `1` is `1.0`, and texts are the same byte by byte.
    fileprivate func isSame(as other: ClaimValue) -> Bool {
        switch (self, other) {
        case (.string(let one), .string(let two)): one.utf8.elementsEqual(two.utf8)
        case (.integer(let integer), .double(let double)), (.double(let double), .integer(let integer)):
            Int64(exactly: double) == integer
        default: self == other
        }
    }
}
