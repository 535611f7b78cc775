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

/// What tokens of a signing key are checked with, and how it stands with that key.
package struct StoredPublicKey: Sendable, Hashable {
    /// Where a key is in its life. It signs first, then it only verifies what it has signed, and then it has ended.
    package enum State: Sendable, Hashable {
        /// New tokens are signed with it.
        case signing
        /// Its last token ends at this time (Unix seconds).
        case verifying(until: Int64)
        /// Ended before its time: its tokens are revoked.
        case retired
        /// Its tokens have all ended.
        case ended
    }

    /// `kid`.
    package let id: String
    package let algorithm: SignatureAlgorithm
    package let publicKey: [UInt8]
    /// Unix seconds.
    package let createdAt: Int64
    package let state: State

    /// Whether tokens of it can be admitted.
    package var verifies: Bool {
        switch state {
        case .signing, .verifying: true
        case .retired, .ended: false
        }
    }
}
