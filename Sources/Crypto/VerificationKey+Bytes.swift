package import Tokens

extension VerificationKey {
    /// From a public key's bytes, as a store keeps them.
    package init(id: String, algorithm: SignatureAlgorithm, publicKey: [UInt8]) throws(CryptoError) {
        switch algorithm {
        case .edDSA:
            self.init(id: id, algorithm: algorithm, verifier: try Ed25519PublicKey(rawRepresentation: publicKey))
        default:
            throw CryptoError(operation: "read a public key", reason: "keys are kept for EdDSA alone")
        }
    }
}
