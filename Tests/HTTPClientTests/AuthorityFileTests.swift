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

    @Test("a regular file will do")
    func regular() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(throws: Never.self) { try AuthorityFile.check(file(Array("abc".utf8))) }
    }

    @Test("what is no file is an error, and a FIFO is not waited for")
    func noFile() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let fifo = folder + "/fifo"
        let made = unsafe mkfifo(fifo, 0o600)
        try #require(made == 0)
        for (path, reason) in [
            (folder + "/none", "No such file or directory"), (fifo, "it is not a regular file"),
            (folder, "it is not a regular file"),
        ] {
            let failure = #expect(throws: HTTPFailure.self) { try AuthorityFile.check(path) }
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
