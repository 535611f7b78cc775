import Foundation
import Testing

@testable import Engine

@Suite final class FileWatcherTests {
    private let folder = NSTemporaryDirectory() + "portcullis-watched-" + UUID().uuidString

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try write("a.yaml", "a")
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }

    private func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(folder)/\(name)") }

    private func watcher(named: [String] = []) throws -> FileWatcher {
        let folder = folder
        return try FileWatcher(
            policyFiles: {
                let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
                return names.filter { $0.hasSuffix(".yaml") }.map { "\(folder)/\($0)" }
            }, named: named, resolve: { "\(folder)/\($0)" })
    }

    @Test("what has changed is read once it has stood still for one look, and once")
    func settled() throws {
        let watcher = try watcher()
        #expect(!watcher.look() && !watcher.look())
        try write("a.yaml", "longer")
        #expect([watcher.look(), watcher.look(), watcher.look()] == [false, true, false])
        try write("a.yaml", "and longer")
        #expect(!watcher.look())
        try write("a.yaml", "and longer still")
        #expect([watcher.look(), watcher.look(), watcher.look()] == [false, true, false])
    }

    @Test("policies that come and go, and files that they name, there or not")
    func comingAndGoing() throws {
        let watcher = try watcher(named: ["server.pem"])
        for change in [
            { try self.write("b.yaml", "b") }, { try self.remove("b.yaml") }, { try self.write("server.pem", "x") },
            { try self.write("server.pem", "yy") }, { try self.remove("server.pem") },
        ] as [() throws -> Void] {
            try change()
            #expect([watcher.look(), watcher.look(), watcher.look()] == [false, true, false])
        }
        try write("other.pem", "x")
        #expect(!watcher.look() && !watcher.look())
    }

    @Test("a link that leads elsewhere is another file, though its own name stays")
    func links() throws {
        for (name, text) in [("one", "1"), ("two", "2")] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            try write("\(name)/server.pem", text)
        }
        let link = "\(folder)/current"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "one")
        let watcher = try watcher(named: ["current/server.pem"])
        #expect(!watcher.look() && !watcher.look())
        try FileManager.default.removeItem(atPath: link)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "two")
        #expect([watcher.look(), watcher.look()] == [false, true])
    }

    @Test("what is named for the first time is read as it is then, and followed; what is named no more is not")
    func named() throws {
        try write("old.pem", "x")
        try write("new.pem", "x")
        let watcher = try watcher(named: ["old.pem"])
        watcher.follow(named: ["new.pem"])
        #expect(!watcher.look() && !watcher.look())
        try write("old.pem", "yy")
        #expect(!watcher.look() && !watcher.look())
        try write("new.pem", "yy")
        #expect([watcher.look(), watcher.look()] == [false, true])
    }

    @Test("a change that came while the policies were read for another reason is not lost")
    func changedMeanwhile() throws {
        try write("server.pem", "x")
        let watcher = try watcher(named: ["server.pem"])
        try write("server.pem", "yy")
        watcher.follow(named: ["server.pem"])
        #expect([watcher.look(), watcher.look()] == [false, true])
    }

    @Test("it asks while it runs, and ends when it is told to", .timeLimit(.minutes(1)))
    func run() throws {
        let watcher = try watcher()
        try write("a.yaml", "longer")
        let asked = try WakeUp(blocking: true)
        let thread = try WorkerThread("files") { watcher.run { asked.wake() } }
        asked.take()
        watcher.stop()
        thread.join()
    }
}
