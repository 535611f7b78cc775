import Glibc
import Testing

@testable import Engine

@Suite struct AdminSocketTests {
    private func failure(in folder: StateFolder) -> String? {
        do throws(AdminSocketError) {
            _ = try AdminSocket(stateDirectory: folder.path)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("stands in the folder under its name, with or without a slash behind it")
    func path() {
        #expect(AdminSocket.path(in: "state") == "state/admin.sock")
        #expect(AdminSocket.path(in: "state/") == "state/admin.sock")
        #expect(AdminSocket.path(in: "") == "./admin.sock")
    }

    @Test("one that nobody is behind is replaced; one that lives is not; what is gone from the folder stays gone")
    func life() throws {
        let folder = try StateFolder()
        var first: AdminSocket? = try AdminSocket(stateDirectory: folder.path)
        #expect(failure(in: folder)?.contains("another gateway answers at \(folder.path)/admin.sock") == true)
        // Its process dies without a word: the file stays.
        first = nil
        _ = first
        let second = try AdminSocket(stateDirectory: folder.path)
        _ = try UnixSocket.connect(to: second.path)
        // Somebody puts another one in its place, which its end leaves alone.
        unsafe unlink(second.path)
        let third = try AdminSocket(stateDirectory: folder.path)
        second.remove()
        _ = try UnixSocket.connect(to: third.path)
        third.remove()
        #expect(unsafe access(third.path, F_OK) != 0)
    }

    @Test("what is no socket is not touched")
    func occupied() throws {
        let folder = try StateFolder()
        let file = try folder.write("admin.sock", "mine")
        #expect(failure(in: folder)?.contains("is not a socket; move it away") == true)
        #expect(unsafe access(file, F_OK) == 0)
    }
}
