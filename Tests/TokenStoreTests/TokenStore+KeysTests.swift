import Foundation
import Testing
import TokenStore
import Tokens

@Suite struct TokenStoreKeysTests {
    private let state: TemporaryState
    private let store: TokenStore

    init() throws {
        state = try TemporaryState()
        store = try state.store()
        // Longer than what takes its place, which would cover it by chance.
        _ = try store.signingKey(now: 100) { .made("k1", secrets: 50) }
    }

    private func states(now: Int64) throws -> [String: StoredPublicKey.State] {
        Dictionary(uniqueKeysWithValues: try store.publicKeys(now: now).map { ($0.id, $0.state) })
    }

    private func signingKey() throws -> String {
        try store.signingKey(now: 1) { throw CancellationError() }.id
    }

    /// Whether the bytes stand anywhere in the store's files.
    private func isOnDisk(_ text: String) throws -> Bool {
        try FileManager.default.contentsOfDirectory(atPath: state.directory).contains { name in
            // Not `Data(contentsOf:)`, which leaks 4 KiB for each file that is empty, as a log is that was emptied.
            let file = try FileHandle(forReadingFrom: URL(filePath: state.directory + "/" + name))
            defer { try? file.close() }
            return try file.readToEnd()?.range(of: Data(text.utf8)) != nil
        }
    }

    @Test("after a rotation the new key signs, and the old one verifies until its last token has ended")
    func rotation() throws {
        try store.record(.example("t1", expiresAt: 2000, keyID: "k1"))
        try store.record(.example("t2", expiresAt: 3000, keyID: "k1"))
        try store.record(.example("t3", expiresAt: 2500, keyID: "k1"))
        let (key, isErased) = try store.rotateKey(now: 1500) { .made("k2") }
        #expect(key.id == "k2" && key.state == .signing && key.createdAt == 1500 && isErased)
        #expect(try signingKey() == "k2")
        #expect(try states(now: 2999) == ["k1": .verifying(until: 3000), "k2": .signing])
        #expect(try states(now: 3000) == ["k1": .ended, "k2": .signing])
        #expect(try store.verificationKeys(now: 2999).map(\.id) == ["k1", "k2"])
        #expect(try store.verificationKeys(now: 3000).map(\.id) == ["k2"])
    }

    @Test func aKeyWithoutTokensEndsWithItsRotation() throws {
        _ = try store.rotateKey(now: 1500) { .made("k2") }
        #expect(try states(now: 1500) == ["k1": .ended, "k2": .signing])
    }

    @Test("the first key can be made by a rotation")
    func rotationOfNothing() throws {
        let empty = try TokenStore(stateDirectory: state.directory + "/other")
        #expect(try empty.rotateKey(now: 1) { .made("k1") }.key.id == "k1")
        #expect(try empty.publicKeys(now: 1).map(\.state) == [.signing])
    }

    @Test("a rotation whose key cannot be made changes nothing")
    func failedRotation() throws {
        #expect(storeError { _ = try store.rotateKey(now: 1500) { throw CancellationError() } } == .keyNotMade)
        #expect(
            storeError { _ = try store.retireKey(id: "k1", now: 1500) { throw CancellationError() } } == .keyNotMade)
        #expect(try signingKey() == "k1")
        #expect(try store.changes(since: 0).revocations.isEmpty)
    }

    @Test("a retired key's tokens are revoked; where it signed, another one does")
    func retirement() throws {
        try store.record(.example("t1", keyID: "k1"))
        try store.record(.example("t2", keyID: "k1"))
        try store.record(.example("t3", expiresAt: 1400, keyID: "k1"))
        _ = try store.revoke(id: "t2", now: 1300)
        let outcome = try store.retireKey(id: "k1", now: 1500) { .made("k2") }
        #expect(outcome == .retired(successor: "k2", isErased: true))
        #expect(try signingKey() == "k2")
        #expect(try states(now: 1500) == ["k1": .retired, "k2": .signing])
        #expect(try store.isRevoked(.example("forged", issuedAt: 9000, keyID: "k1")))
        #expect(try !store.isRevoked(.example("good", keyID: "k2")))
        #expect(try store.states(now: 1500) == ["t1": .revoked, "t2": .revoked, "t3": .expired])
        // Still known, so that its tokens are told to be revoked.
        #expect(try store.verificationKeys(now: 1500).map(\.id) == ["k1", "k2"])
        #expect(try store.retireKey(id: "k1", now: 1501) { throw CancellationError() } == .alreadyRetired)
    }

    @Test("a key that no longer signs is retired without a successor")
    func retirementAfterRotation() throws {
        try store.record(.example("t1", keyID: "k1"))
        _ = try store.rotateKey(now: 1400) { .made("k2") }
        let outcome = try store.retireKey(id: "k1", now: 1500) { throw CancellationError() }
        #expect(outcome == .retired(successor: nil, isErased: true))
        #expect(try signingKey() == "k2")
    }

    @Test func retirementOfNothing() throws {
        #expect(try store.retireKey(id: "k9", now: 1500) { throw CancellationError() } == .unknown)
        _ = try store.rotateKey(now: 1500) { .made("k2") }
        #expect(try store.retireKey(id: "k1", now: 1500) { throw CancellationError() } == .alreadyEnded)
        #expect(try store.changes(since: 0).revocations.isEmpty)
    }

    @Test("no token of a retired key is ever good again, when its revocation and when itself have been forgotten")
    func forgetting() throws {
        try store.record(.example("t1", keyID: "k1"))
        _ = try store.retireKey(id: "k1", now: 1500) { .made("k2") }
        let day: Int64 = 86_400
        _ = try store.prune(now: 2000 + 7 * day - 1, limit: 10)
        #expect(try store.changes(since: 0).revocations == [.key("k1")])
        _ = try store.prune(now: 2000 + 7 * day, limit: 10)
        #expect(try store.changes(since: 0).revocations.isEmpty)
        #expect(try store.verificationKeys(now: 1500).map(\.id) == ["k2"])
        _ = try store.rotateKey(now: 2000 + 30 * day - 1) { .made("k3") }
        #expect(try states(now: 2000).keys.sorted() == ["k1", "k2", "k3"])
        _ = try store.rotateKey(now: 2000 + 30 * day) { .made("k4") }
        #expect(try states(now: 2000).keys.sorted() == ["k2", "k3", "k4"])
    }

    @Test("private bytes are gone from every file once the key signs no more", arguments: ["rotate", "retire"])
    func erasure(how: String) throws {
        let reader = try state.store()
        _ = try reader.dataVersion()
        #expect(try isOnDisk("secret k1"))
        if how == "rotate" {
            _ = try store.rotateKey(now: 1500) { .made("k2") }
        } else {
            _ = try store.retireKey(id: "k1", now: 1500) { .made("k2") }
        }
        #expect(try !isOnDisk("secret k1"))
        #expect(try isOnDisk("public k1"))
        #expect(try isOnDisk("secret k2"))
    }

    @Test("what is issued while the key changes is signed by a key that is known")
    func issueDuringRotation() async throws {
        let state = state
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let store = try state.store()
                for number in 0..<20 {
                    _ = try store.issue(
                        subject: "alice", now: 1500, orMakeKey: { throw CancellationError() },
                        sign: { key, issuedAt in
                            (key.id, TokenRecord.example("t\(number)", issuedAt: issuedAt).claims)
                        })
                }
            }
            group.addTask {
                let store = try state.store()
                for number in 0..<10 { _ = try store.rotateKey(now: 1500) { .made("r\(number)") } }
            }
            try await group.waitForAll()
        }
        let keys = Set(try store.verificationKeys(now: 1500).map(\.id))
        let tokens = try store.tokens()
        #expect(tokens.count == 20)
        #expect(tokens.allSatisfy { $0.keyID.map(keys.contains) == true })
    }
}
