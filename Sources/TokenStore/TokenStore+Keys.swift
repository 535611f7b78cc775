internal import Foundation
internal import GRDB
internal import Tokens

extension TokenStore {
    /// The key that tokens are signed with: the latest one. Where there is none, `make` makes it, and it is kept.
    ///
    /// Of two processes that come at once, one makes the key and both get it.
    package func signingKey(
        now: Int64, orMake make: () throws -> StoredKey
    ) throws(TokenStoreError) -> StoredKey {
        try write { database in
            if let row = try Row.fetchOne(database, sql: "SELECT * FROM keys ORDER BY created DESC, rowid DESC LIMIT 1")
            {
                return try self.key(row)
            }
            let key: StoredKey
            do {
                key = try make()
            } catch {
                throw TokenStoreError(.keyNotMade, path: self.path, what: "no signing key could be made: \(error)")
            }
            try database.execute(
                sql: "INSERT INTO keys (kid, algorithm, public_key, private_key, created) VALUES (?, ?, ?, ?, ?)",
                arguments: [key.id, key.algorithm.rawValue, Data(key.publicKey), Data(key.privateKey), now])
            return key
        }
    }

    /// The public part of every key, also of those that no longer sign. No private key leaves the file.
    package func publicKeys() throws(TokenStoreError) -> [StoredPublicKey] {
        try read { database in
            let sql = "SELECT kid, algorithm, public_key FROM keys ORDER BY created, rowid"
            return try Row.fetchAll(database, sql: sql).map { row in
                StoredPublicKey(
                    id: try row.value("kid"), algorithm: try self.algorithm(row),
                    publicKey: try row.bytes("public_key"))
            }
        }
    }

    private func key(_ row: Row) throws -> StoredKey {
        StoredKey(
            id: try row.value("kid"), algorithm: try algorithm(row), publicKey: try row.bytes("public_key"),
            privateKey: try row.bytes("private_key"))
    }

    private func algorithm(_ row: Row) throws -> SignatureAlgorithm {
        let name: String = try row.value("algorithm")
        guard let algorithm = SignatureAlgorithm(rawValue: name), algorithm == .edDSA else {
            throw TokenStoreError(
                .damaged, path: path, what: "holds a key of an unknown algorithm", advice: TokenStoreError.restore)
        }
        return algorithm
    }
}
