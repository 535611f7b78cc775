package import Tokens

/// A signing key as the store keeps it: bytes, of which the store knows nothing.
package struct StoredKey: Sendable, Hashable, CustomStringConvertible {
    /// `kid`.
    package let id: String
    package let algorithm: SignatureAlgorithm
    package let publicKey: [UInt8]
    package let privateKey: [UInt8]

    package init(id: String, algorithm: SignatureAlgorithm, publicKey: [UInt8], privateKey: [UInt8]) {
        self.id = id
        self.algorithm = algorithm
        self.publicKey = publicKey
        self.privateKey = privateKey
    }

    /// Without the private bytes, wherever it is printed.
    package var description: String { "key \(id) (\(algorithm.rawValue))" }
}

extension StoredKey: CustomDebugStringConvertible, CustomReflectable {
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}

/// What tokens of a signing key are checked with.
package struct StoredPublicKey: Sendable, Hashable {
    /// `kid`.
    package let id: String
    package let algorithm: SignatureAlgorithm
    package let publicKey: [UInt8]
}
