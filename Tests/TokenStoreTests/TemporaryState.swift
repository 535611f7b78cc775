import Foundation
import GRDB
import TokenStore
import Tokens

/// A state folder of a test's own, gone with it.
final class TemporaryState: Sendable {
    /// Not there before a store makes it.
    let directory: String
    var file: String { directory + "/tokens.sqlite" }
    private let parent: String

    init() throws {
        parent = NSTemporaryDirectory() + "portcullis-tests-" + UUID().uuidString
        directory = parent + "/state"
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: parent)
    }

    func store(createIfMissing: Bool = true) throws -> TokenStore {
        try TokenStore(stateDirectory: directory, createIfMissing: createIfMissing)
    }

    /// Writes to the file behind the store's back.
    func execute(_ sql: String) throws {
        try DatabaseQueue(path: file).write { try $0.execute(sql: sql) }
    }

    func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    func setMode(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }
}

extension TokenRecord {
    static func example(
        _ id: String = "t1", subject: String = "alice", audiences: [String] = [], scopes: [String] = [],
        issuedAt: Int64 = 1000,
        notBefore: Int64? = 1000, expiresAt: Int64 = 2000, keyID: String? = nil, usesLimit: Int64? = nil,
        fromAddresses: [String] = []
    ) -> TokenRecord {
        TokenRecord(
            id: id, subject: subject, audiences: audiences, scopes: scopes, issuedAt: issuedAt, notBefore: notBefore,
            expiresAt: expiresAt, keyID: keyID, usesLimit: usesLimit, fromAddresses: fromAddresses)
    }

    var claims: TokenClaims {
        TokenClaims(
            subject: subject, id: id, audiences: audiences, scopes: scopes, issuedAt: issuedAt, notBefore: notBefore,
            expiresAt: expiresAt, other: privateClaims)
    }

    private var privateClaims: [String: ClaimValue] {
        var claims: [String: ClaimValue] = [:]
        claims["uses"] = usesLimit.map { .integer($0) }
        if !fromAddresses.isEmpty { claims["from_address"] = .array(fromAddresses.map { .string($0) }) }
        return claims
    }
}

extension TokenStore {
    /// All tokens on record, the oldest first.
    func tokens(_ filter: TokenFilter = TokenFilter(), now: Int64 = 1500) throws -> [TokenRecord] {
        var tokens: [TokenRecord] = []
        try forEachToken(filter, now: now) { token, _ in tokens.append(token) }
        return tokens
    }

    /// The state of each, by id.
    func states(now: Int64) throws -> [String: TokenRecord.State] {
        var states: [String: TokenRecord.State] = [:]
        try forEachToken(now: now) { token, state in states[token.id] = state }
        return states
    }

    /// Whether a gateway that has read all revocations would refuse it.
    func isRevoked(_ token: TokenRecord) throws -> Bool {
        RevocationSet(try changes(since: 0).revocations).isRevoked(token.claims, keyID: token.keyID)
    }
}

extension StoredKey {
    /// Not a key of any algorithm, but bytes as the store wants them, the secret ones so often one after the other.
    static func made(_ id: String, secrets: Int = 1) -> StoredKey {
        StoredKey(
            id: id, algorithm: .edDSA, publicKey: Array("public \(id)".utf8),
            privateKey: Array(String(repeating: "secret \(id) ", count: secrets).utf8))
    }
}

/// The kind of error that `body` ends with; nil where it ends well.
func storeError(_ body: () throws -> Void) -> TokenStoreError.Kind? {
    do {
        try body()
        return nil
    } catch {
        return (error as? TokenStoreError)?.kind
    }
}
