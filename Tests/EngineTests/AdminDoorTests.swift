import PolicyModel
import Testing

@testable import Engine

@Suite struct AdminDoorTests {
    private static let secret = String(repeating: "s", count: 32)

    private func door(
        _ file: String, address: String = "127.0.0.1:0", after before: AdminDoor? = nil
    ) throws(PlacedError) -> AdminDoor? {
        guard let address = SocketAddress(address) else { return nil }
        return try AdminDoor.open(
            AdminPolicy(address: address, tokenFile: "admin.token", position: Fixtures.position),
            resolve: { _ in file }, after: before)
    }

    @Test(
        "opens for its token alone",
        arguments: [
            ("Bearer \(secret)", true), ("bearer \(secret)", true), ("Bearer \(secret)s", false),
            ("Bearer \(secret.dropLast())", false), (secret, false), ("Basic \(secret)", false), ("Bearer ", false),
            ("Bearer", false), ("", false), (" \(secret)", false), ("Bearer  \(secret)", false), (nil, false),
        ] as [(String?, Bool)])
    func admission(field: String?, isAdmitted: Bool) throws {
        let folder = try StateFolder()
        let opened = try door(try folder.write("admin.token", Self.secret + "\r\n"))
        #expect(try #require(opened).admits(authorization: field) == isAdmitted)
    }

    @Test(
        "a file that holds no good token, or that others may read, is an error that says so",
        arguments: [
            (String(repeating: "x", count: 31), 0o600, "at least 32"), ("", 0o600, "at least 32"),
            (String(repeating: "x", count: 4097), 0o600, "at least 32"), (secret + " x", 0o600, "without spaces"),
            (secret + "\nx", 0o600, "without spaces"), (secret + "é", 0o600, "ASCII"), (secret, 0o640, "chmod 600"),
            (secret, 0o604, "chmod 600"),
        ])
    func files(text: String, mode: UInt32, named: String) throws {
        let folder = try StateFolder()
        let file = try folder.write("admin.token", text, mode: mode)
        #expect { try door(file) } throws: { error in
            let text = "\(error)"
            return text.contains(named) && text.hasPrefix("test.yaml:1:1: error: ") && !text.contains(Self.secret)
        }
    }

    @Test("a file that is not there, and a folder, are errors")
    func noFile() throws {
        let folder = try StateFolder()
        #expect { try door("\(folder.path)/admin.token") } throws: { "\($0)".contains("cannot be read") }
        #expect { try door(folder.path) } throws: { "\($0)".contains("is not a file") }
    }

    @Test("the socket goes on from policy to policy while the address is the same, and a changed token counts")
    func succession() throws {
        let folder = try StateFolder()
        let first = try #require(try door(try folder.write("admin.token", Self.secret)))
        let other = String(repeating: "t", count: 40)
        let second = try #require(try door(try folder.write("admin.token", other), after: first))
        #expect(second.number == first.number && second.boundAddress == first.boundAddress)
        #expect(second.boundAddress.port != 0)
        #expect(
            second.admits(authorization: "Bearer \(other)") && !second.admits(authorization: "Bearer \(Self.secret)"))
        let third = try #require(try door("\(folder.path)/admin.token", address: "127.0.0.2:0", after: second))
        #expect(third.number != second.number)
        #expect(second.hasSocket(of: first) && !third.hasSocket(of: second))
        #expect(try AdminDoor.open(nil, resolve: { $0 }, after: third) == nil)
        // Whoever holds one of them still.
        second.close()
        #expect(first.number == -1 && third.number != -1)
        let fourth = try #require(
            try door("\(folder.path)/admin.token", address: first.boundAddress.description, after: third))
        #expect(fourth.boundAddress == first.boundAddress)
    }

    @Test("an address that is taken is an error")
    func taken() throws {
        let folder = try StateFolder()
        let file = try folder.write("admin.token", Self.secret)
        let first = try #require(try door(file))
        #expect { try door(file, address: first.boundAddress.description) } throws: {
            "\($0)".contains("`admin.address` cannot be listened on")
        }
    }
}
