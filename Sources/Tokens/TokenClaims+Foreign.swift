extension TokenClaims {
    /// Reads the claims set of another issuer's token. A claim of a wrong type is `malformed`, as is a token without `iss`,
    /// `sub` or `exp`: it could not be told whose it is, or would never end.
    ///
    /// A token without `jti` has the id "", by which it cannot be revoked. One without `iat` counts as issued at 0: whatever
    /// revokes the tokens of its subject until some time revokes it too.
    ///
    /// - Parameter scopes: where the scopes stand; nil is `scope`, and without that `scp`. They are a text, split at its spaces
    ///   (RFC 8693 section 4.2), or an array of texts.
    package init(foreign payload: [String: ClaimValue], scopes pointer: ClaimPointer?) throws(TokenError) {
        let scopes =
            if let pointer { pointer.value(in: payload) } else { payload["scope"] ?? payload["scp"] }
        var rest = payload
        for name in ["iss", "sub", "jti", "aud", "scope", "iat", "exp", "nbf"] { rest[name] = nil }
        let id: String
        switch payload["jti"] {
        case nil: id = ""
        case .string(let text): id = text
        default: throw .malformed
        }
        self.init(
            issuer: try Self.text(payload["iss"]), subject: try Self.text(payload["sub"]), id: id,
            audiences: try Self.audiences(payload["aud"]), scopes: try Self.foreignScopes(scopes),
            issuedAt: payload["iat"] == nil ? 0 : try Self.seconds(payload["iat"], rounded: .down),
            notBefore: payload["nbf"] == nil ? nil : try Self.seconds(payload["nbf"], rounded: .up),
            expiresAt: try Self.seconds(payload["exp"], rounded: .down), other: rest)
    }

    private static func foreignScopes(_ value: ClaimValue?) throws(TokenError) -> [String] {
        switch value {
        case nil, .null: return []
        case .string(let text): return words(text)
        case .array(let values):
            var scopes: [String] = []
            for value in values {
                guard case .string(let scope) = value else { throw .malformed }
                scopes.append(scope)
            }
            return scopes
        default: throw .malformed
        }
    }
}
