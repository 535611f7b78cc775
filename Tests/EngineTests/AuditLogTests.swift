import Foundation
import Glibc
import Locking
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
            log.lines.close()
            log.lines.run()
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
        let thread = try WorkerThread("audit") { log.lines.run() }
        for number in 0..<500 { log.write(facts("r-\(number)")) }
        log.lines.close()
        thread.join()
        #expect(try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count == 500)
    }

    @Test("a file that cannot be opened is named")
    func refused() {
        let error = #expect(throws: SystemError.self) { _ = try AuditLog(path: "/nonexistent/audit.log").lines.close() }
        #expect(error?.description == "open the audit log /nonexistent/audit.log: No such file or directory")
    }

    @Test("a FIFO that nobody reads is told of, and not waited for; one with a reader gets the records")
    func fifo() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let made = unsafe mkfifo(path, 0o600)
        #expect(made == 0)
        let error = #expect(throws: SystemError.self) { _ = try AuditLog(path: path).lines.close() }
        #expect(error?.code == ENXIO)
        let reader = Descriptor(owning: unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK))
        let log = try AuditLog(path: path)
        log.write(facts("r-1"))
        log.lines.close()
        log.lines.run()
        #expect(log.recordsLost == 0)
        var watched = pollfd(fd: reader.number, events: Int16(POLLIN), revents: 0)
        let readable = unsafe poll(&watched, 1, 0)
        #expect(readable == 1)
    }

    @Test("a disk that is full costs its records, and nobody waits")
    func full() throws {
        let told = Lock<[String]>([])
        let log = try AuditLog(path: "/dev/full") { error in told.withLock { $0.append("\(error)") } }
        log.write(facts("r-1"))
        log.lines.close()
        log.lines.run()
        #expect(told.withLock { $0 } == ["write the audit log: No space left on device"])
        #expect(log.recordsLost == 1)
    }

    @Test("after it was moved away, records go on in a new file; what was lost meanwhile is counted there")
    func reopened() throws {
        let old = path + ".1"
        defer { for path in [path, old] { try? FileManager.default.removeItem(atPath: path) } }
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/full")
        let told = Lock<[String]>([])
        let failed = try WakeUp(blocking: true)
        let log = try AuditLog(path: path) { error in
            told.withLock { $0.append("\(error)") }
            failed.wake()
        }
        let thread = try WorkerThread("audit") { log.lines.run() }
        log.write(facts("lost"))
        failed.take()
        try FileManager.default.moveItem(atPath: path, toPath: old)
        log.reopen()
        log.write(facts("kept"))
        log.lines.close()
        thread.join()
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.contains(#""request_id":"kept""#) == true)
        #expect(lines.last?.hasSuffix(#""event":"lost","count":1}"#) == true)
        // Once, however often it was tried.
        #expect(told.withLock { $0.count } == 1)
    }

    @Test("a file that cannot be opened again is told of, and records go on where they went")
    func notReopened() throws {
        let folder = path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        let told = Lock<[String]>([])
        let log = try AuditLog(path: folder + "/audit.log") { error in told.withLock { $0.append("\(error)") } }
        let moved = folder + "/moved"
        try FileManager.default.moveItem(atPath: folder + "/audit.log", toPath: moved)
        try FileManager.default.createDirectory(atPath: folder + "/audit.log", withIntermediateDirectories: false)
        log.reopen()
        log.write(facts("r-1"))
        log.lines.close()
        log.lines.run()
        #expect(told.withLock { $0 } == ["open the audit log \(folder)/audit.log again: Is a directory"])
        #expect(try String(contentsOfFile: moved, encoding: .utf8).contains("r-1"))
    }
}
