package import Crypto
package import TokenStore

extension TokenStore {
    /// The key that tokens are signed with, made at first use.
    package func builtinSigningKey(now: Int64) throws -> Ed25519PrivateKey {
        let stored = try signingKey(now: now) {
            let key = try Ed25519PrivateKey.generate()
            return StoredKey(
                id: key.keyID, algorithm: key.algorithm, publicKey: key.publicKey.rawRepresentation,
                privateKey: try key.rawRepresentation())
        }
        return try Ed25519PrivateKey(rawRepresentation: stored.privateKey)
    }
}
