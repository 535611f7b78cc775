/// Algorithms that a key can be pinned to, spelt as in JWS `alg` (RFC 7518 section 3.1, RFC 8037). `none` does not exist.
package enum SignatureAlgorithm: String, Sendable, CaseIterable {
    /// RFC 8037, with Ed25519.
    case edDSA = "EdDSA"
    case es256 = "ES256"
    case es384 = "ES384"
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    /// HMAC: who checks with it can sign with it.
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"

    /// Of the digest, in bytes.
    package var digestBytes: Int {
        switch self {
        case .es256, .rs256, .ps256, .hs256: 32
        case .es384, .rs384, .ps384, .hs384: 48
        case .edDSA, .rs512, .ps512, .hs512: 64
        }
    }
}

/// A private key that signs tokens.
package protocol TokenSigner: Sendable {
    /// `kid` of the tokens that it signs.
    var keyID: String { get }
    var algorithm: SignatureAlgorithm { get }
    /// The signature over all of `message`.
    func sign(_ message: [UInt8]) throws -> [UInt8]
}

/// A public key, or whatever else can tell whether a signature is good. Called from any thread, without a lock held.
package protocol SignatureVerifier: Sendable {
    /// Whether `signature` is a valid one over all of `message`. Anything that is wrong with either is `false`.
    func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool
}

/// A key that tokens are checked with, and the one algorithm that it is used for (RFC 8725 section 3.1).
package struct VerificationKey: Sendable {
    /// `kid`: looked up as it is, never a path or a query.
    package let id: String
    package let algorithm: SignatureAlgorithm
    package let verifier: any SignatureVerifier
    /// Tells it from another key of the same id, within one process; 0 where there never is another.
    package let mark: Int

    package init(id: String, algorithm: SignatureAlgorithm, verifier: any SignatureVerifier, mark: Int = 0) {
        self.id = id
        self.algorithm = algorithm
        self.verifier = verifier
        self.mark = mark
    }
}
