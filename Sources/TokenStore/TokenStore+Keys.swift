internal import Foundation
internal import GRDB
internal import Tokens

extension TokenStore {
    /// How long a key that signs no more, and of which no token is good any more, is still listed, in seconds.
    private static let keyRetention: Int64 = 30 * 86_400

    /// The key that tokens are signed with. Where there is none, `make` makes it, and it is kept.
    ///
    /// Of two processes that come at once, one makes the key and both get it.
    package func signingKey(
        now: Int64, orMake make: () throws -> StoredKey
    ) throws(TokenStoreError) -> StoredKey {
        try write { try self.signingKey($0, now: now, orMake: make) }
    }

    /// The key that tokens are signed with; nil where there is none.
    package func currentSigningKey() throws(TokenStoreError) -> StoredKey? {
        try read { try self.currentSigningKey($0) }
    }

    /// Makes another key the one that signs. The one before verifies its tokens until the last has ended; its private bytes
    /// are erased. Whether they are gone from the whole disk: false where a reader was in the way for too long.
    package func rotateKey(
        now: Int64, make: () throws -> StoredKey
    ) throws(TokenStoreError) -> (key: StoredPublicKey, isErased: Bool) {
        let key = try write { database in
            try self.stopSigning(database, now: now)
            try self.forgetEndedKeys(database, now: now)
            return try self.insert(database, self.made(make), now: now)
        }
        return (
            StoredPublicKey(
                id: key.id, algorithm: key.algorithm, publicKey: key.publicKey, createdAt: now, state: .signing),
            try emptyLog()
        )
    }

    /// What came of retiring a key.
    package enum Retirement: Sendable, Hashable {
        /// Its tokens are refused from now on. `successor`: the `kid` of the key that was made in its place; nil where another
        /// one signs. `isErased`: as in ``TokenStore/rotateKey(now:make:)``.
        case retired(successor: String?, isErased: Bool)
        case alreadyRetired
        /// All its tokens have ended by themselves.
        case alreadyEnded
        /// There is no such key.
        case unknown
    }

    /// Ends a key at once: all its tokens are revoked. Where it is the one that signs, `make` makes another one.
    package func retireKey(
        id: String, now: Int64, orMake make: () throws -> StoredKey
    ) throws(TokenStoreError) -> Retirement {
        let retirement: Retirement = try write { database in
            let sql = "\(Self.selectKey) WHERE kid = ?"
            guard let row = try Row.fetchOne(database, sql: sql, arguments: [id]) else { return .unknown }
            let state = try self.publicKey(row, now: now).state
            switch state {
            case .retired: return .alreadyRetired
            case .ended: return .alreadyEnded
            case .signing: try self.stopSigning(database, now: now)
            case .verifying: break
            }
            try database.execute(sql: "UPDATE keys SET state = 'retired' WHERE kid = ?", arguments: [id])
            let lastExpiry: Int64 = max(now, try row.integer(6))
            try self.insert(database, .key(id), forgetAfter: lastExpiry.saturatingAdd(Self.retention))
            let successor = state == .signing ? try self.insert(database, self.made(make), now: now) : nil
            return .retired(successor: successor?.id, isErased: true)
        }
        guard case .retired(let successor, _) = retirement else { return retirement }
        return .retired(successor: successor, isErased: try emptyLog())
    }

    /// The public part of every key, the oldest first. No private key leaves the file.
    package func publicKeys(now: Int64) throws(TokenStoreError) -> [StoredPublicKey] {
        try read { database in
            try Row.fetchAll(database, sql: "\(Self.selectKey) ORDER BY created, rowid").map {
                try self.publicKey($0, now: now)
            }
        }
    }

    /// The keys that a token may be of: those that verify, and retired ones, whose tokens are known as revoked. A retired key
    /// whose revocation has been forgotten is not among them.
    package func verificationKeys(now: Int64) throws(TokenStoreError) -> [StoredPublicKey] {
        try read { database in
            let sql = """
                \(Self.selectKey)
                WHERE state != 'retired'
                    OR EXISTS (SELECT 1 FROM revocations WHERE kind = 'key' AND value = kid)
                ORDER BY created, rowid
                """
            return try Row.fetchAll(database, sql: sql).map { try self.publicKey($0, now: now) }
                .filter { $0.state != .ended }
        }
    }

    /// The key that signs, in a transaction of the caller's.
    func signingKey(
        _ database: Database, now: Int64, orMake make: () throws -> StoredKey
    ) throws -> StoredKey {
        try currentSigningKey(database) ?? insert(database, made(make), now: now)
    }

    private func currentSigningKey(_ database: Database) throws -> StoredKey? {
        let sql = "SELECT kid, algorithm, public_key, private_key FROM keys WHERE state = 'signing'"
        return try Row.fetchOne(database, sql: sql).map { row in
            StoredKey(
                id: try row.text(0), algorithm: try algorithm(row), publicKey: try row.bytes(2),
                privateKey: try row.bytes(3))
        }
    }

    private func made(_ make: () throws -> StoredKey) throws(TokenStoreError) -> StoredKey {
        do {
            return try make()
        } catch {
            throw TokenStoreError(.keyNotMade, path: path, what: "no signing key could be made: \(error)")
        }
    }

    private func insert(_ database: Database, _ key: StoredKey, now: Int64) throws -> StoredKey {
        try database.execute(
            sql: """
                INSERT INTO keys (kid, algorithm, public_key, private_key, created, state, last_expiry)
                VALUES (?, ?, ?, ?, ?, 'signing', 0)
                """,
            arguments: [key.id, key.algorithm.rawValue, Data(key.publicKey), Data(key.privateKey), now])
        return key
    }

    private func stopSigning(_ database: Database, now: Int64) throws {
        try database.execute(
            sql: "UPDATE keys SET state = 'verifying', private_key = NULL, replaced = ? WHERE state = 'signing'",
            arguments: [now])
    }

    private func forgetEndedKeys(_ database: Database, now: Int64) throws {
        try database.execute(
            sql: "DELETE FROM keys WHERE max(last_expiry, replaced) <= ?", arguments: [now - Self.keyRetention])
    }

    private static let selectKey = "SELECT kid, algorithm, public_key, created, state, replaced, last_expiry FROM keys"

    private func publicKey(_ row: Row, now: Int64) throws -> StoredPublicKey {
        let lastExpiry = try row.integer(6)
        let state: StoredPublicKey.State =
            switch try row.text(4) {
            case "signing": .signing
            case "verifying": lastExpiry > now ? .verifying(until: lastExpiry) : .ended
            default: .retired
            }
        return StoredPublicKey(
            id: try row.text(0), algorithm: try algorithm(row), publicKey: try row.bytes(2),
            createdAt: try row.integer(3), state: state)
    }

    private func algorithm(_ row: Row) throws -> SignatureAlgorithm {
        guard let algorithm = SignatureAlgorithm(rawValue: try row.text(1)), algorithm == .edDSA else {
            throw TokenStoreError(
                .damaged, path: path, what: "holds a key of an unknown algorithm", advice: TokenStoreError.restore)
        }
        return algorithm
    }
}
