/// JSON Web Signatures in compact form (RFC 7515 section 3.1), strictly.
package enum JWS {
    /// The longest token that is looked at, in bytes. A request head holds 16 KiB.
    package static let maximumBytes = 8192

    /// A token with these claims, signed.
    ///
    /// Throws what the signer throws, or `malformed` for claims whose token would be longer than ``maximumBytes``.
    package static func encode(_ claims: TokenClaims, signer: some TokenSigner) throws -> String {
        let header: [String: ClaimValue] = [
            "alg": .string(signer.algorithm.rawValue), "kid": .string(signer.keyID), "typ": .string("JWT"),
        ]
        let signingInput =
            Base64URL.encode(JSON.encode(.object(header))) + "."
            + Base64URL.encode(JSON.encode(.object(claims.payload)))
        let token = signingInput + "." + Base64URL.encode(try signer.sign(Array(signingInput.utf8)))
        guard token.utf8.count <= maximumBytes else { throw TokenError.malformed }
        return token
    }

    /// Takes a token apart and reads header and claims. Checks no signature: what it returns is only a claim.
    ///
    /// `malformed` for anything but three parts of canonical base64url without padding, the first two JSON objects (no
    /// name twice, RFC 7515 section 4), none of them empty; for `crit`, as no extension is known (section 4.1.11); for `none`
    /// (RFC 8725 section 3.2); and for a `typ` other than `JWT` and `at+jwt` (section 3.11 there, RFC 9068 section 2.1). Keys that a header brings along or points
    /// to (`jwk`, `jku`, `x5c`, `x5u`) are not read.
    package static func decode(_ token: some StringProtocol) throws(TokenError) -> DecodedToken {
        // Before anything else, so that a long token costs nothing.
        guard token.utf8.count <= maximumBytes else { throw .malformed }
        let bytes = Array(token.utf8)
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3,
            let headerBytes = Base64URL.decode(parts[0]),
            let payloadBytes = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2]), !signature.isEmpty,
            case .object(let header)? = JSON.decode(headerBytes),
            case .object(let payload)? = JSON.decode(payloadBytes)
        else { throw .malformed }
        return DecodedToken(
            header: try JWSHeader(header), payload: payload, signingInput: Array(bytes[..<parts[1].endIndex]),
            signature: signature)
    }
}

/// What a token says of itself before its signature is checked.
package struct DecodedToken: Sendable {
    package let header: JWSHeader
    package let payload: [String: ClaimValue]
    /// What is signed: header, dot, payload, as they came.
    package let signingInput: [UInt8]
    package let signature: [UInt8]

    /// The payload as claims; `malformed` where one is missing or of a wrong type.
    package func claims() throws(TokenError) -> TokenClaims {
        try TokenClaims(payload)
    }
}

/// A token's header (RFC 7515 section 4).
package struct JWSHeader: Sendable {
    /// `alg`, to be compared with what the key is pinned to.
    package let algorithm: String
    /// `kid`, to be looked up.
    package let keyID: String?
    /// `typ`, where it is there: in lower case, without `application/` in front (RFC 7515 section 4.1.9).
    package let type: String?
    /// Everything, to be shown to people.
    package let fields: [String: ClaimValue]

    fileprivate init(_ fields: [String: ClaimValue]) throws(TokenError) {
        guard fields["crit"] == nil, case .string(let algorithm) = fields["alg"] else { throw .malformed }
        guard !algorithm.isEmpty, algorithm.lowercased() != "none" else { throw .malformed }
        switch fields["kid"] {
        case nil: keyID = nil
        case .string(let keyID): self.keyID = keyID
        default: throw .malformed
        }
        switch fields["typ"] {
        case nil: type = nil
        case .string(let text):
            let type = text.lowercased()
            self.type = type.hasPrefix("application/") ? String(type.dropFirst(12)) : type
            guard self.type == "jwt" || self.type == "at+jwt" else { throw .malformed }
        default: throw .malformed
        }
        self.algorithm = algorithm
        self.fields = fields
    }
}
