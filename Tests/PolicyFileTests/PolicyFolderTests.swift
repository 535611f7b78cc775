import Foundation
import Testing

@testable import PolicyFile

/// Where the repository's policies are.
enum ShippedPolicies {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("policies").path

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
    }
}

/// A folder that is gone with the test.
final class TemporaryFolder {
    let path = NSTemporaryDirectory() + "portcullis-policies-" + UUID().uuidString

    init(_ files: [String: String] = [:]) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func relative(_ text: String) -> String { text.replacing(path, with: "DIR") }
}

struct PolicyFolderTests {
    @Test("a folder's *.yaml in name order, without tests, hidden files and folders below")
    func order() throws {
        let folder = try TemporaryFolder([
            "b.yaml": "b", "a.yaml": "a", "a.test.yaml": "no", ".a.yaml": "no", "c.txt": "no", "B.yaml": "B",
        ])
        try FileManager.default.createDirectory(atPath: folder.path + "/examples", withIntermediateDirectories: false)
        let contents = PolicyFolder.read(folder.path + "/")
        #expect(contents.sources.map { folder.relative($0.name) } == ["DIR/B.yaml", "DIR/a.yaml", "DIR/b.yaml"])
        #expect(contents.sources.map { String(decoding: $0.bytes, as: UTF8.self) } == ["B", "a", "b"])
        #expect(contents.diagnostics.isEmpty)
        let files = PolicyFolder.files(folder.path + "/").map { folder.relative($0) }
        #expect(files == ["DIR/B.yaml", "DIR/a.yaml", "DIR/b.yaml"])
        #expect(PolicyFolder.files(folder.path + "/a.yaml") == [folder.path + "/a.yaml"])
        #expect(PolicyFolder.files("/nowhere") == ["/nowhere"])
    }

    @Test("a file by its own name, whatever that is")
    func file() throws {
        let folder = try TemporaryFolder(["policy.test.yaml": "x"])
        let contents = PolicyFolder.read(folder.path + "/policy.test.yaml")
        #expect(contents.sources.map(\.bytes) == [Array("x".utf8)])
    }

    @Test("what is missing, empty or no file")
    func problems() throws {
        let folder = try TemporaryFolder(["old.yml": "a: b"])
        let messages = { (path: String) in
            PolicyLoader.load(path: path).diagnostics.map { folder.relative($0.description) }
        }
        #expect(
            messages(folder.path) == [
                "DIR:1:1: error: no policy here: the folder has no *.yaml file",
                "DIR/old.yml:1:1: warning: not read: policies are the files that end in .yaml, so rename it if it is one",
            ])
        #expect(messages(folder.path + "/x") == ["DIR/x:1:1: error: cannot be read: there is no such file or folder"])
        let asked = PolicyLoader.load(path: folder.path + "/x", option: "--policies")
        #expect(
            asked.diagnostics.map(\.message) == [
                "cannot be read: there is no such file or folder; `--policies` says where they are"
            ])
        #expect(
            messages(folder.path + "/old.yml/x") == [
                "DIR/old.yml/x:1:1: error: cannot be read: a part of the path is not a folder"
            ])
        try FileManager.default.createDirectory(atPath: folder.path + "/d.yaml", withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/l.yaml", withDestinationPath: folder.path + "/gone")
        #expect(
            messages(folder.path).filter { $0.contains("error") } == [
                "DIR/d.yaml:1:1: error: not a file; a folder's own *.yaml files are the policy",
                "DIR/l.yaml:1:1: error: cannot be read: there is no such file or folder",
            ])
    }

    @Test("a missing file hides no mistake in the others, and makes no name unknown")
    func partial() throws {
        let folder = try TemporaryFolder([
            "a.yaml": "route: []\nroutes: [{ name: r, match: { path: / }, upstream: u, public: true }]"
        ])
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/b.yaml", withDestinationPath: "gone")
        #expect(
            PolicyLoader.load(path: folder.path).diagnostics.map { folder.relative($0.description) } == [
                "DIR/a.yaml:1:1: error: unknown key `route` in a policy; did you mean `routes`?",
                "DIR/b.yaml:1:1: error: cannot be read: there is no such file or folder",
            ])
    }

    @Test("no more is read than a policy may have")
    func large() throws {
        let folder = try TemporaryFolder(["a.yaml": String(repeating: "#", count: 5 * 1024 * 1024)])
        let loaded = PolicyLoader.load(path: folder.path)
        #expect(loaded.diagnostics.map(\.message) == ["the file has more than 4 MiB"])
        #expect((loaded.sources.first?.bytes.count ?? .max) < 5 * 1024 * 1024)
    }
}
