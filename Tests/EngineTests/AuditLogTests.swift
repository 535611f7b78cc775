import Foundation
import PolicyModel
import Testing

@testable import Engine

@Suite(.timeLimit(.minutes(1))) struct AuditLogTests {
    private let path = NSTemporaryDirectory() + "portcullis-tests-" + UUID().uuidString

    private func facts(_ id: String) -> AuditFacts {
        AuditFacts(requestID: id, listener: "public", policyVersion: "v1", client: .v4(1))
    }

    @Test("every record is a line, in order, added to what was there, in a file for its owner alone")
    func writes() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        for ids in [["a", "b"], ["c"]] {
            let log = try AuditLog(path: path)
            for id in ids { log.write(facts(id)) }
            log.close()
            log.run()
        }
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 3)
        for (line, id) in zip(lines, ["a", "b", "c"]) { #expect(line.contains(#""request_id":"\#(id)""#)) }
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
    }

    @Test("a thread of its own writes what comes while it waits, and ends when it is told")
    func thread() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let log = try AuditLog(path: path)
        let thread = try WorkerThread("audit") { log.run() }
        for number in 0..<500 { log.write(facts("r-\(number)")) }
        log.close()
        thread.join()
        #expect(try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count == 500)
    }

    @Test("a file that cannot be opened is named")
    func refused() {
        let error = #expect(throws: SystemError.self) { _ = try AuditLog(path: "/nonexistent/audit.log").close() }
        #expect(error?.description == "open the audit log /nonexistent/audit.log: No such file or directory")
    }

    @Test("a disk that is full costs its records, and nobody waits")
    func full() throws {
        let log = try AuditLog(path: "/dev/full")
        log.write(facts("r-1"))
        log.close()
        log.run()
    }
}
