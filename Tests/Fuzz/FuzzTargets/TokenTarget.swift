import Crypto
import Tokens

/// A bearer token. Bytes that begin with `{` are the JSON of a header, a line feed, and the JSON of claims: base64url and a
/// signature would keep a fuzzer out of them. Behind a `#` stands a JSON Web Key Set.
enum TokenTarget {
    private static let keyID = "rfc8032"
    /// Public and private key of RFC 8032 7.1, test 1: no secret.
    private static let publicKey: [UInt8] = [
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
        0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
    ]
    private static let strict = authority(try? Ed25519PublicKey(rawRepresentation: publicKey))
    private static let lenient = authority(AnySignature())

    static func fuzz(_ bytes: [UInt8]) throws(BrokenContract) {
        if bytes.first == UInt8(ascii: "#") { return try fuzz(keys: Array(bytes.dropFirst())) }
        let token = text(bytes)
        let strict = verify(token, by: strict)
        let lenient = verify(token, by: lenient)
        switch (strict, lenient) {
        case (.success(let left), .success(let right)):
            try require(left.claims == right.claims, "claims depend on the signature")
        case (.success, .failure(let error)):
            throw BrokenContract(description: "admitted by its signature alone, and else: \(error)")
        case (.failure(let error), .success):
            try require(error == .signatureInvalid, "only the signature differs, but: \(error)")
        case (.failure(let left), .failure(let right)):
            try require(left == right || left == .signatureInvalid, "\(left) and \(right)")
        }
        guard case .success(let admitted) = lenient else { return }
        let claims = admitted.claims
        try require(
            claims.issuer == TokenClaims.builtinIssuer && claims.expiresAt > now
                && claims.notBefore.map { $0 <= now } ?? true && claims.audiences.contains("chat")
                && claims.scopes.contains("read") && !claims.subject.isEmpty && !claims.id.isEmpty,
            "admitted: \(claims)")
    }

    /// Whatever a set holds, no key of it takes what nobody has signed.
    private static func fuzz(keys bytes: [UInt8]) throws(BrokenContract) {
        guard let set = try? JWKSet(bytes) else { return }
        let (keys, skipped) = IssuerKey.keys(of: set, issuer: "corporate")
        try require(
            set.keys.count <= JWKSet.maximumKeys && keys.count + skipped == set.keys.count + set.skipped,
            "\(keys.count) keys and \(skipped) others")
        for key in keys {
            try require(key.id.hasPrefix("corporate/") && !key.verifiers.isEmpty, "a key that is of no use")
            for verifier in key.verifiers {
                for length in [0, 32, 48, 64, 96, 256] {
                    // Of small order, or all zeros: what such an Ed25519 key takes is its owner's affair.
                    if verifier.algorithm == .edDSA { continue }
                    let signature = [UInt8](repeating: 1, count: length)
                    try require(
                        !verifier.verifier.isValid(signature, for: Array("message".utf8)), "\(verifier.algorithm)")
                }
            }
        }
    }

    private static let now: Int64 = 1_700_000_000

    private static func verify(
        _ token: String, by authority: TokenAuthority
    ) -> Result<VerifiedToken, TokenError> {
        Result { () throws(TokenError) in
            try authority.verify(token, issuers: ["local"], audience: "chat", scopes: ["read"], now: now)
        }
    }

    private static func text(_ bytes: [UInt8]) -> String {
        guard bytes.first == UInt8(ascii: "{"), let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
            return String(decoding: bytes, as: UTF8.self)
        }
        return Base64URL.encode(Array(bytes[..<end])) + "." + Base64URL.encode(Array(bytes[(end + 1)...])) + ".AAAA"
    }

    private static func authority(_ verifier: (any SignatureVerifier)?) -> TokenAuthority {
        let authority = TokenAuthority()
        guard let verifier else { return authority }
        authority.replaceKeys([VerificationKey(id: keyID, algorithm: .edDSA, verifier: verifier)])
        authority.add([
            .id("revoked", expiresAt: .max), .subject("mallory", issuedUntil: now),
        ])
        return authority
    }

    /// Takes every signature, so that the checks behind it are reached.
    private struct AnySignature: SignatureVerifier {
        func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool { true }
    }
}
