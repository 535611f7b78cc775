import Foundation
import Glibc
import Testing

@testable import HTTPClient

@Suite(.timeLimit(.minutes(1))) struct AuthorityFileTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "portcullis-authorities-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    private func file(_ bytes: [UInt8]) throws -> String {
        let path = folder + "/" + UUID().uuidString
        try Data(bytes).write(to: URL(filePath: path))
        return path
    }

    @Test("what stands in a file, up to 1 MiB")
    func content() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let full = [UInt8](repeating: 0x61, count: AuthorityFile.maximumBytes)
        #expect(try AuthorityFile.read(file(Array("abc".utf8))) == Array("abc".utf8))
        #expect(try AuthorityFile.read(file(full)) == full)
    }

    @Test("what is no file of authorities is an error, and a FIFO is not waited for")
    func noFile() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let fifo = folder + "/fifo"
        let made = unsafe mkfifo(fifo, 0o600)
        try #require(made == 0)
        let long = try file([UInt8](repeating: 0x61, count: AuthorityFile.maximumBytes + 1))
        let empty = try file([])
        for (path, reason) in [
            (folder + "/none", "No such file or directory"), (fifo, "it is not a regular file"),
            (folder, "it is not a regular file"), (long, "it has more than 1 MiB"), (empty, "it is empty"),
        ] {
            let failure = #expect(throws: HTTPFailure.self) { try AuthorityFile.read(path) }
            #expect(failure == .untrusted("the authorities in \(path) cannot be read: \(reason)"))
        }
    }

    @Test("a request whose file cannot be read keeps no other one")
    func request() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let fifo = folder + "/fifo"
        let made = unsafe mkfifo(fifo, 0o600)
        try #require(made == 0)
        let server = ScriptedServer { _ in .ok("hello") }
        defer { server.stop() }
        let running = try RunningClient()
        let result = await running.send(HTTPRequest(.get, "https://127.0.0.1:1/", authorityFile: fifo))
        #expect(
            result == .failure(.untrusted("the authorities in \(fifo) cannot be read: it is not a regular file")))
        #expect(try await running.send(HTTPRequest(.get, server.url())).get().body == Array("hello".utf8))
    }
}
