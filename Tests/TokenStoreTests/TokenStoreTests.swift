import Foundation
import Testing
import TokenStore
import Tokens

@Suite struct TokenStoreTests {
    private let state: TemporaryState

    init() throws {
        state = try TemporaryState()
    }

    @Test("folder 0700 and file 0600, also those that SQLite puts beside it, whatever the umask")
    func modes() throws {
        let store = try state.store()
        try store.record(.example())
        #expect(try state.mode(state.directory) == 0o700)
        #expect(try state.mode(state.file) == 0o600)
        #expect(try state.mode(state.file + "-wal") == 0o600)
        #expect(try state.mode(state.file + "-shm") == 0o600)
    }

    @Test("parents are made, and a folder that is there keeps its mode")
    func folders() throws {
        let deep = state.directory + "/a//b/"
        #expect(try TokenStore(stateDirectory: deep).path == deep + "tokens.sqlite")
        try FileManager.default.createDirectory(atPath: state.directory + "/open", withIntermediateDirectories: true)
        try state.setMode(0o755, state.directory + "/open")
        _ = try TokenStore(stateDirectory: state.directory + "/open")
        #expect(try state.mode(state.directory + "/open") == 0o755)
    }

    @Test func nothingIsMadeWhereNothingIsToBeMade() throws {
        #expect(storeError { _ = try state.store(createIfMissing: false) } == .missing)
        #expect(!FileManager.default.fileExists(atPath: state.directory))
        _ = try state.store()
        try FileManager.default.removeItem(atPath: state.file)
        #expect(storeError { _ = try state.store(createIfMissing: false) } == .missing)
        #expect(!FileManager.default.fileExists(atPath: state.file))
    }

    @Test(
        "H38 a file that others may read is refused, and the error says what to do",
        arguments: [0o644, 0o640, 0o604, 0o660, 0o601])
    func exposed(mode: Int) throws {
        _ = try state.store()
        try state.setMode(mode, state.file)
        let error = #expect(throws: TokenStoreError.self) { try state.store() }
        #expect(error?.kind == .exposed)
        #expect(error?.description.contains("chmod 600 \(state.file)") == true)
    }

    @Test("H38 an empty, foreign or cut file is refused, never begun anew", arguments: [0, 1, 511, 512, 5000, 20_000])
    func damaged(size: Int) throws {
        try FileManager.default.createDirectory(atPath: state.directory, withIntermediateDirectories: true)
        try Data(repeating: 0x41, count: size).write(to: URL(filePath: state.file))
        try state.setMode(0o600, state.file)
        #expect(storeError { _ = try state.store() } == .damaged)
        // By its attributes: Foundation loses its buffer when it reads an empty file.
        #expect(try FileManager.default.attributesOfItem(atPath: state.file)[.size] as? Int == size)
    }

    @Test("H38 a store whose pages are overwritten gives an error, never an answer")
    func overwritten() throws {
        do {
            let store = try state.store()
            for number in 0..<200 { try store.record(.example("t\(number)")) }
        }
        var bytes = try Data(contentsOf: URL(filePath: state.file))
        for index in 4096..<bytes.count { bytes[index] = 0x5A }
        try bytes.write(to: URL(filePath: state.file))
        try state.setMode(0o600, state.file)
        #expect(storeError { _ = try state.store().tokens() } == .damaged)
        #expect(storeError { _ = try state.store().changes(since: 0) } == .damaged)
        #expect(storeError { _ = try state.store().publicKeys(now: 1) } == .damaged)
    }

    @Test("H38 values of another type than expected give an error, never a trap")
    func foreignValues() throws {
        let store = try state.store()
        try state.execute(
            """
            DROP TABLE tokens; DROP TABLE revocations; DROP TABLE keys;
            CREATE TABLE tokens (id, subject, audiences, scopes, issued, not_before, expires);
            INSERT INTO tokens VALUES ('t1', 'alice', 'no json', '', 'long ago', NULL, x'00');
            CREATE TABLE revocations (sequence INTEGER PRIMARY KEY, kind, value, issued_until);
            INSERT INTO revocations VALUES (1, 'id', NULL, 'x');
            CREATE TABLE keys (kid, algorithm, public_key, private_key, created);
            INSERT INTO keys VALUES ('k', 'HS256', x'00', x'00', 1);
            """)
        #expect(storeError { _ = try store.tokens() } == .damaged)
        #expect(storeError { _ = try store.token(id: "t1") } == .damaged)
        #expect(storeError { _ = try store.changes(since: 0) } == .damaged)
        #expect(storeError { _ = try store.publicKeys(now: 1) } == .damaged)
        #expect(storeError { _ = try store.signingKey(now: 1) { throw CancellationError() } } == .damaged)
        #expect(storeError { _ = try store.use(id: "t1", limit: 1, now: 1) } == .damaged)
        #expect(storeError { _ = try store.prune(now: 1, limit: 1) } == .damaged)
    }

    @Test func aNewerVersionsFileIsLeftAlone() throws {
        _ = try state.store()
        try state.execute("INSERT INTO grdb_migrations VALUES ('9999: the future')")
        #expect(storeError { _ = try state.store() } == .superseded)
    }

    @Test func whatIsNoFolderOrNoFile() throws {
        try FileManager.default.createDirectory(atPath: state.file, withIntermediateDirectories: true)
        #expect(storeError { _ = try state.store() } == .damaged)
        let file = state.directory + "/file"
        try Data().write(to: URL(filePath: file))
        #expect(storeError { _ = try TokenStore(stateDirectory: file) } == .inaccessible)
        #expect(storeError { _ = try TokenStore(stateDirectory: file + "/below") } == .inaccessible)
    }

    @Test("the number changes with every write of others, and with nothing else")
    func dataVersion() throws {
        let gateway = try state.store()
        let commandLine = try state.store()
        let first = try gateway.dataVersion()
        #expect(try gateway.dataVersion() == first)
        try commandLine.record(.example())
        let second = try gateway.dataVersion()
        #expect(second != first)
        _ = try commandLine.revoke(id: "t1", now: 1500)
        #expect(try gateway.dataVersion() != second)
        let third = try gateway.dataVersion()
        _ = try commandLine.tokens()
        #expect(try gateway.dataVersion() == third)
    }

    @Test(
        "H38 a file that is removed, replaced, emptied or opened to others under a running gateway is noticed",
        arguments: ["remove", "replace", "empty", "expose"])
    func replaced(what: String) throws {
        let store = try state.store()
        try store.record(.example())
        _ = try store.dataVersion()
        switch what {
        case "remove": try FileManager.default.removeItem(atPath: state.file)
        case "replace":
            try FileManager.default.moveItem(atPath: state.file, toPath: state.file + ".old")
            try FileManager.default.copyItem(atPath: state.file + ".old", toPath: state.file)
            try state.setMode(0o600, state.file)
        case "empty": try FileHandle(forWritingTo: URL(filePath: state.file)).truncate(atOffset: 0)
        default: try state.setMode(0o644, state.file)
        }
        #expect(storeError { _ = try store.dataVersion() } == .replaced)
        #expect(storeError { _ = try store.revoke(id: "t1", now: 1500) } == .replaced)
    }

    @Test("many stores open, migrate and write one new file at once")
    func openedAtOnce() async throws {
        let state = state
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<6 {
                group.addTask {
                    let store = try state.store()
                    for number in 0..<10 { try store.record(.example("t\(worker)-\(number)")) }
                }
            }
            try await group.waitForAll()
        }
        #expect(try state.store().tokens().count == 60)
    }

    @Test("a store that is only looked at tells all, changes nothing, and leaves nothing behind")
    func reading() throws {
        let state = try TemporaryState()
        #expect(throws: TokenStoreError.self) { try TokenStore(reading: state.directory) }
        do {
            let store = try state.store()
            try store.revokeForeign(subject: "alice", keepUntil: 9000, now: 1000)
        }
        let before = try Data(contentsOf: URL(fileURLWithPath: state.file))
        do {
            let reader = try TokenStore(reading: state.directory)
            #expect(try reader.changes(since: 0).revocations == [.subject("alice", issuedUntil: 1000)])
            #expect(throws: TokenStoreError.self) {
                try reader.revokeForeign(subject: "bob", keepUntil: 9000, now: 1000)
            }
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: state.file)) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: state.directory) == ["tokens.sqlite"])
    }

    @Test("a store of an older version is not read, and stays as it is")
    func readingOlder() throws {
        let state = try TemporaryState()
        _ = try state.store()
        try state.execute("DELETE FROM grdb_migrations WHERE identifier LIKE '2%'")
        #expect(throws: TokenStoreError.self) { try TokenStore(reading: state.directory) }
    }
}
