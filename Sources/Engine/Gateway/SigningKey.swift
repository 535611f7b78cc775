package import Crypto
package import TokenStore
package import Tokens

extension TokenStore {
    /// The key that tokens are signed with, made at first use.
    package func builtinSigningKey(now: Int64) throws -> Ed25519PrivateKey {
        try Ed25519PrivateKey(signingKey(now: now, orMake: StoredKey.generateBuiltin))
    }
}

extension StoredKey {
    /// A new key for the tokens of the builtin issuer.
    package static func generateBuiltin() throws -> StoredKey {
        var key = try Ed25519PrivateKey.generate()
        // A command line would take such an id for an option. One of 64 begins so.
        while key.keyID.hasPrefix("-") { key = try Ed25519PrivateKey.generate() }
        return StoredKey(
            id: key.keyID, algorithm: key.algorithm, publicKey: key.publicKey.rawRepresentation,
            privateKey: try key.rawRepresentation())
    }
}

extension Ed25519PrivateKey {
    /// A key as the store keeps it.
    package init(_ stored: StoredKey) throws {
        try self.init(rawRepresentation: stored.privateKey)
    }
}

extension VerificationKey {
    /// A public key as the store keeps it.
    package init(_ stored: StoredPublicKey) throws(CryptoError) {
        try self.init(id: stored.id, algorithm: stored.algorithm, publicKey: stored.publicKey)
    }
}

extension TokenAuthority {
    /// Knows the keys of a store, and no revocations: these are for
    /// ``TokenStore/isRevoked(id:subject:issuedAt:keyID:)``, which need not read all of them. `now` is in Unix seconds.
    package convenience init(keysOf store: TokenStore, now: Int64) throws {
        self.init()
        replaceKeys(try store.verificationKeys(now: now).map { key in try VerificationKey(key) })
    }
}
