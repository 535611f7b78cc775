/// Algorithms that a key can be pinned to, spelt as in JWS `alg`. `none` does not exist, nor anything with a shared secret.
package enum SignatureAlgorithm: String, Sendable, CaseIterable {
    /// RFC 8037, with Ed25519.
    case edDSA = "EdDSA"
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

    package init(id: String, algorithm: SignatureAlgorithm, verifier: any SignatureVerifier) {
        self.id = id
        self.algorithm = algorithm
        self.verifier = verifier
    }
}
