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
        notBefore: Int64? = 1000, expiresAt: Int64 = 2000
    ) -> TokenRecord {
        TokenRecord(
            id: id, subject: subject, audiences: audiences, scopes: scopes, issuedAt: issuedAt, notBefore: notBefore,
            expiresAt: expiresAt)
    }

    var claims: TokenClaims {
        TokenClaims(
            subject: subject, id: id, audiences: audiences, scopes: scopes, issuedAt: issuedAt, notBefore: notBefore,
            expiresAt: expiresAt)
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
