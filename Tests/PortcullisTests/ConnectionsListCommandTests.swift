import ArgumentParser
import Engine
import Testing

@testable import Portcullis

@Suite struct ConnectionsListCommandTests {
    @Test("states and orders are those that a gateway knows")
    func known() throws {
        let command = try ConnectionsListCommand.parse(["--only", "closing", "--sort", "idle"])
        #expect(command.only == .closing && command.sort == .idle)
        let usual = try ConnectionsListCommand.parse([])
        #expect(usual.only == nil && usual.sort == .age)
    }

    @Test("another one is refused under the option's own name", arguments: ["--only", "--sort"])
    func unknown(_ option: String) {
        do {
            _ = try ConnectionsListCommand.parse([option, "x"])
            Issue.record("it was taken")
        } catch {
            #expect(ConnectionsListCommand.message(for: error).contains("'x' is invalid for '\(option) <"))
        }
    }
}
