import Glibc
import Testing

@testable import Engine

/// A folder of a test's own, mode 0700, which goes with it.
final class StateFolder {
    let path: String

    init(_ name: String = "") throws {
        var template = Array("/tmp/portcullis-tests-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw SystemError("make a folder") }
        let base = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = name.isEmpty ? base : "\(base)/\(name)"
        if !name.isEmpty { unsafe mkdir(path, 0o700) }
    }

    func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
        let file = "\(path)/\(name)"
        let descriptor = Descriptor(owning: unsafe open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600))
        guard descriptor.number >= 0, fchmod(descriptor.number, mode) == 0 else { throw SystemError("write \(file)") }
        let bytes = Array(text.utf8)
        guard unsafe Glibc.write(descriptor.number, bytes, bytes.count) == bytes.count else {
            throw SystemError("write \(file)")
        }
        return file
    }

    deinit {
        for name in ["admin.sock", "other.sock", "admin.token", "file"] { unsafe unlink("\(path)/\(name)") }
        unsafe rmdir(path)
        if let slash = path.dropFirst(5).lastIndex(of: "/") { unsafe rmdir(String(path[..<slash])) }
    }
}

@Suite struct UnixSocketTests {
    @Test("listens with mode 0600, connects, and knows who is at the other end", arguments: [1, 120])
    func connection(length: Int) throws {
        let folder = try StateFolder(String(repeating: "f", count: length))
        let path = "\(folder.path)/other.sock"
        #expect((path.utf8.count > ShortPath.maximumBytes) == (length > 100))
        let listener = try UnixSocket.listen(at: path)
        var info = stat()
        #expect(unsafe stat(path, &info) == 0)
        #expect(info.st_mode == S_IFSOCK | 0o600)
        guard case .none = UnixSocket.accept(listener.number) else {
            Issue.record("nobody has connected")
            return
        }
        let client = try UnixSocket.connect(to: path)
        guard case .connection(let server) = UnixSocket.accept(listener.number) else {
            Issue.record("somebody has connected")
            return
        }
        let expected = UnixSocket.Credentials(process: getpid(), user: getuid())
        #expect(UnixSocket.peer(of: server.number) == expected)
        #expect(UnixSocket.peer(of: client.number) == expected)
    }

    @Test("what cannot be is an error that says so")
    func errors() throws {
        let folder = try StateFolder()
        func code(_ body: () throws(SystemError) -> Void) -> Int32 {
            do throws(SystemError) {
                try body()
                return 0
            } catch {
                return error.code
            }
        }
        #expect(
            code { () throws(SystemError) in _ = try UnixSocket.connect(to: "\(folder.path)/other.sock") } == ENOENT)
        let long = "\(folder.path)/" + String(repeating: "x", count: 120)
        #expect(code { () throws(SystemError) in _ = try UnixSocket.listen(at: long) } == ENAMETOOLONG)
        #expect(code { () throws(SystemError) in _ = try UnixSocket.connect(to: "a\u{0}b") } == ENAMETOOLONG)
    }
}
