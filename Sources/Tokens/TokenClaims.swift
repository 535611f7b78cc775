/// The claims of a token (RFC 7519 section 4). Times are Unix seconds.
package struct TokenClaims: Sendable, Hashable {
    /// The `iss` of tokens that `portcullis token issue` makes.
    package static let builtinIssuer = "portcullis"

    /// `iss`.
    package var issuer: String
    /// `sub`; never empty.
    package var subject: String
    /// `jti`; empty only where another issuer's token has none.
    package var id: String
    /// `aud`: empty where the token has none, and then no audience that is asked for matches.
    package var audiences: [String]
    /// `scope`, split at its spaces (RFC 8693 section 4.2).
    package var scopes: [String]
    /// `iat`; 0 where another issuer's token has none.
    package var issuedAt: Int64
    /// `nbf`: not admitted before.
    package var notBefore: Int64?
    /// `exp`: not admitted at this second and later.
    package var expiresAt: Int64
    /// Every claim that has no property of its own. Names of those that have one are ignored here.
    package var other: [String: ClaimValue]

    package init(
        issuer: String = builtinIssuer, subject: String, id: String, audiences: [String] = [], scopes: [String] = [],
        issuedAt: Int64, notBefore: Int64? = nil, expiresAt: Int64, other: [String: ClaimValue] = [:]
    ) {
        self.issuer = issuer
        self.subject = subject
        self.id = id
        self.audiences = audiences
        self.scopes = scopes
        self.issuedAt = issuedAt
        self.notBefore = notBefore
        self.expiresAt = expiresAt
        self.other = other
    }

    /// Reads a claims set. A claim of a wrong type is `malformed`, as is a token without `iss`, `sub`, `jti`, `iat` or `exp`:
    /// without them it could not be told apart, revoked or ended.
    ///
    /// Fractions of a second (RFC 7519 section 2, NumericDate) are rounded to the side that admits less.
    package init(_ payload: [String: ClaimValue]) throws(TokenError) {
        var rest = payload
        issuer = try Self.text(rest.removeValue(forKey: "iss"))
        subject = try Self.text(rest.removeValue(forKey: "sub"))
        id = try Self.text(rest.removeValue(forKey: "jti"))
        audiences = try Self.audiences(rest.removeValue(forKey: "aud"))
        scopes = try Self.scopes(rest.removeValue(forKey: "scope"))
        issuedAt = try Self.seconds(rest.removeValue(forKey: "iat"), rounded: .down)
        expiresAt = try Self.seconds(rest.removeValue(forKey: "exp"), rounded: .down)
        if let value = rest.removeValue(forKey: "nbf") {
            notBefore = try Self.seconds(value, rounded: .up)
        } else {
            notBefore = nil
        }
        // A dictionary that was emptied keeps its storage, for as long as the connection lasts.
        other = rest.isEmpty ? [:] : rest
        try checkPrivateClaims()
    }

    /// The claims set as it stands in a token.
    package var payload: [String: ClaimValue] {
        var payload = other
        payload["iss"] = .string(issuer)
        payload["sub"] = .string(subject)
        payload["jti"] = .string(id)
        payload["iat"] = .integer(issuedAt)
        payload["exp"] = .integer(expiresAt)
        payload["nbf"] = notBefore.map { .integer($0) }
        payload["aud"] =
            switch audiences.count {
            case 0: nil
            case 1: .string(audiences[0])
            default: .array(audiences.map { .string($0) })
            }
        payload["scope"] = scopes.isEmpty ? nil : .string(scopes.joined(separator: " "))
        return payload
    }

    static func text(_ value: ClaimValue?) throws(TokenError) -> String {
        guard case .string(let text) = value, !text.isEmpty else { throw .malformed }
        return text
    }

    static func audiences(_ value: ClaimValue?) throws(TokenError) -> [String] {
        switch value {
        case nil: return []
        case .string(let audience): return [audience]
        case .array(let values):
            var audiences: [String] = []
            for value in values {
                guard case .string(let audience) = value else { throw .malformed }
                audiences.append(audience)
            }
            return audiences
        default: throw .malformed
        }
    }

    private static func scopes(_ value: ClaimValue?) throws(TokenError) -> [String] {
        switch value {
        case nil: return []
        case .string(let scopes): return words(scopes)
        default: throw .malformed
        }
    }

    /// Split at its spaces.
    static func words(_ text: String) -> [String] {
        text.utf8.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
    }

    static func seconds(
        _ value: ClaimValue?, rounded rule: FloatingPointRoundingRule
    ) throws(TokenError) -> Int64 {
        switch value {
        case .integer(let seconds): return seconds
        case .double(let seconds):
            guard let whole = Int64(exactly: seconds.rounded(rule)) else { throw .malformed }
            return whole
        default: throw .malformed
        }
    }
}

/// Texts are compared byte by byte: to `==` two that only look alike are one.
extension TokenClaims {
    /// What a route may ask of every token.
    func check(audience: String?, scopes: [String]) throws(TokenError) {
        if let audience, !audiences.containsBytes(of: audience) { throw .audienceMismatch }
        guard scopes.allSatisfy(self.scopes.containsBytes(of:)) else { throw .scopeMissing }
    }
}

extension [String] {
    /// Whether one of them is `text`, byte by byte.
    package func containsBytes(of text: String) -> Bool { contains { $0.utf8.elementsEqual(text.utf8) } }
}

/// Claims that `portcullis token issue` writes and no RFC knows. In tokens of other issuers they mean nothing here.
extension TokenClaims {
    /// Whether the token says that it is of the builtin issuer, byte by byte.
    var isBuiltin: Bool { issuer.utf8.elementsEqual(Self.builtinIssuer.utf8) }

    /// `uses`: how many connections the token is good for in all, at least 1; nil for any number.
    package var uses: Int64? {
        guard isBuiltin, case .integer(let uses)? = other["uses"] else { return nil }
        return uses
    }

    /// `from_address`: the networks that the token is bound to, as CIDR texts; none where it is good from anywhere.
    package var fromAddresses: [String] {
        guard isBuiltin, case .array(let networks)? = other["from_address"] else { return [] }
        return networks.compactMap { network in
            if case .string(let text) = network { text } else { nil }
        }
    }

    /// A bound that cannot be read must not be no bound.
    private func checkPrivateClaims() throws(TokenError) {
        guard isBuiltin else { return }
        if other["uses"] != nil {
            guard let uses, uses > 0 else { throw .malformed }
        }
        if let networks = other["from_address"] {
            guard case .array(let values) = networks, !values.isEmpty, fromAddresses.count == values.count else {
                throw .malformed
            }
        }
    }
}
