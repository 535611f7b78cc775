import Crypto
import Foundation
import Logging
import Testing
import TokenStore
import Tokens

@testable import Engine

@Suite struct TokenWatcherTests {
    private let directory = NSTemporaryDirectory() + "portcullis-tests-" + UUID().uuidString
    private let authority = TokenAuthority()
    private let inbox: Inbox
    private let watcher: TokenWatcher
    /// What the command line has open.
    private let store: TokenStore

    init() throws {
        inbox = try Inbox()
        store = try TokenStore(stateDirectory: directory)
        watcher = try TokenWatcher(
            stateDirectory: directory, authority: authority, inboxes: [inbox],
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func position() throws -> TokenWatcher.Position {
        var position = TokenWatcher.Position(try TokenStore(stateDirectory: directory))
        watcher.look(&position, now: 1500)
        _ = inbox.takeAll()
        return position
    }

    private func issue(_ id: String, expiresAt: Int64 = 2000) throws -> String {
        try store.issue(
            subject: "alice", now: 1000, orMakeKey: StoredKey.generateBuiltin,
            sign: { key, issuedAt in
                let claims = TokenClaims(subject: "alice", id: id, issuedAt: issuedAt, expiresAt: expiresAt)
                return (try JWS.encode(claims, signer: Ed25519PrivateKey(key)), claims)
            })
    }

    private func refusal(_ token: String, now: Int64 = 1500) -> TokenError? {
        do throws(TokenError) {
            _ = try authority.verify(token, issuers: ["local"], audience: nil, scopes: [], now: now)
            return nil
        } catch {
            return error
        }
    }

    /// What the workers have been told since the last time.
    private func posted() -> [Revocation] {
        var posted: [Revocation] = []
        for message in inbox.takeAll() {
            if case .revoked(let revocations) = message { posted += revocations }
        }
        return posted
    }

    private func removeFolder() {
        try? FileManager.default.removeItem(atPath: directory)
    }

    @Test("keys and revocations of every kind reach authority and workers at the next look, once")
    func look() throws {
        defer { removeFolder() }
        var position = try position()
        let token = try issue("t1")
        #expect(refusal(token) == .unknownKey)
        watcher.look(&position, now: 1500)
        #expect(refusal(token) == nil && posted().isEmpty)
        _ = try store.revokeAll(now: 900)
        watcher.look(&position, now: 1500)
        #expect(refusal(token) == .revoked)
        #expect(posted() == [.all(issuedUntil: 1000)])
        let key = try store.builtinSigningKey(now: 1500).keyID
        _ = try store.retireKey(id: key, now: 1500, orMake: StoredKey.generateBuiltin)
        watcher.look(&position, now: 1500)
        #expect(posted() == [.key(key)])
        watcher.look(&position, now: 1500)
        #expect(posted().isEmpty)
    }

    @Test("a key ends with its last token, without anybody writing")
    func keyThatEnds() throws {
        defer { removeFolder() }
        let token = try issue("t1")
        _ = try store.rotateKey(now: 1500, make: StoredKey.generateBuiltin)
        var position = try position()
        #expect(refusal(token) == nil)
        watcher.keepUp(&position)
        watcher.look(&position, now: 1999)
        #expect(refusal(token) == nil)
        watcher.keepUp(&position)
        watcher.look(&position, now: 2000)
        #expect(refusal(token) == .unknownKey)
    }

    @Test("what the store has forgotten is forgotten here, too, and what it has not, is not")
    func reload() throws {
        defer { removeFolder() }
        let (old, new) = (try issue("t1", expiresAt: 1600), try issue("t2"))
        _ = try store.revoke(id: "t1", now: 1500)
        _ = try store.revoke(id: "t2", now: 1500)
        let position = try position()
        #expect(refusal(old) == .revoked && refusal(new) == .revoked)
        _ = try store.prune(now: 1600, limit: 10)
        watcher.reload(position)
        #expect(refusal(old) == nil && refusal(new) == .revoked)
    }

    @Test("expired tokens go a portion at a look, and only after an upkeep")
    func prune() throws {
        defer { removeFolder() }
        for number in 0..<150 { _ = try issue("t\(number)") }
        var position = try position()
        let now: Int64 = 2000 + 7 * 86_400
        func count() throws -> Int {
            var count = 0
            try store.forEachToken(now: now) { _, _ in count += 1 }
            return count
        }
        watcher.prune(&position, now: now)
        #expect(try count() == 150)
        watcher.keepUp(&position)
        watcher.prune(&position, now: now)
        #expect(try count() == 50)
        watcher.prune(&position, now: now)
        watcher.prune(&position, now: now)
        #expect(try count() == 0)
        #expect(!position.isPruning)
    }

    @Test("H38 a store that cannot be read refuses everybody, tells no worker, and is read again when it is back")
    func unreadable() throws {
        defer { removeFolder() }
        let token = try issue("t1")
        var position = try position()
        let file = directory + "/tokens.sqlite"
        try FileManager.default.moveItem(atPath: file, toPath: file + ".aside")
        watcher.look(&position, now: 1500)
        #expect(refusal(token) == .storeUnavailable)
        watcher.keepUp(&position)
        watcher.prune(&position, now: 1500)
        #expect(posted().isEmpty && !position.isPruning)
        try FileManager.default.moveItem(atPath: file + ".aside", toPath: file)
        watcher.look(&position, now: 1500)
        watcher.look(&position, now: 1500)
        #expect(refusal(token) == nil)
    }
}
