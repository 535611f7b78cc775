package import Tokens

/// What a token says that is made for a rehearsal. It is verified in full: signature, issuer, times, audience, scopes.
package struct MadeUpClaims: Sendable {
    /// `sub`.
    package var subject: String
    /// The issuer's name in the policy; nil is the builtin one.
    package var issuer: String?
    /// `aud`.
    package var audience: [String]
    /// `scope`; where the issuer has its scopes in another claim, there.
    package var scopes: [String]
    /// `exp`, in seconds from the handshake on; negative for one that has expired.
    package var expiresIn: Int64
    /// `nbf`, in Unix seconds.
    package var notBefore: Int64?
    /// `iat`, in Unix seconds; nil is the time of the handshake.
    package var issuedAt: Int64?
    /// `jti`; nil is one that no other token has.
    package var id: String?
    /// `uses`, of the builtin issuer: how many connections the token is good for. They are counted in the rehearsal alone.
    package var uses: Int64?
    /// Any other claims. They come last: one of a name above takes its place, and null removes it.
    package var other: [String: ClaimValue]

    package init(
        subject: String = "rehearsal", issuer: String? = nil, audience: [String] = [], scopes: [String] = [],
        expiresIn: Int64 = 3600, notBefore: Int64? = nil, issuedAt: Int64? = nil, id: String? = nil, uses: Int64? = nil,
        other: [String: ClaimValue] = [:]
    ) {
        self.subject = subject
        self.issuer = issuer
        self.audience = audience
        self.scopes = scopes
        self.expiresIn = expiresIn
        self.notBefore = notBefore
        self.issuedAt = issuedAt
        self.id = id
        self.uses = uses
        self.other = other
    }

    /// The claims set as it stands in the token.
    func payload(iss: String, scopes pointer: ClaimPointer?, id unusedID: String, now: Int64) -> [String: ClaimValue] {
        var claims = TokenClaims(
            issuer: iss, subject: subject, id: id ?? unusedID, audiences: audience,
            scopes: pointer == nil ? scopes : [], issuedAt: issuedAt ?? now, notBefore: notBefore,
            expiresAt: now.saturatingAdd(expiresIn)
        ).payload
        if let uses { claims["uses"] = .integer(uses) }
        if let pointer, !scopes.isEmpty {
            let whole = ClaimValue.object(claims).setting(
                .string(scopes.joined(separator: " ")), at: pointer.tokens[...])
            if case .object(let members) = whole { claims = members }
        }
        for (name, value) in other { claims[name] = value == .null ? nil : value }
        return claims
    }
}

extension ClaimValue {
    /// The same with this value at a path of names; what stands in the way of one is replaced.
    func setting(_ value: ClaimValue, at path: ArraySlice<String>) -> ClaimValue {
        guard let name = path.first else { return value }
        var members: [String: ClaimValue] = [:]
        if case .object(let known) = self { members = known }
        members[name] = (members[name] ?? .null).setting(value, at: path.dropFirst())
        return .object(members)
    }
}
