import Logging
import PolicyModel
import Testing
import WebSocketProtocol

@testable import Engine

@Suite struct AdminAccessTests {
    private static let secret = String(repeating: "s", count: 32)

    private func refusal(_ path: String, host: String, _ fields: [(String, String)], isLocal: Bool = false) throws
        -> Int?
    {
        let folder = try StateFolder()
        let address = try #require(SocketAddress("127.0.0.1:0"))
        let file = try folder.write("admin.token", Self.secret)
        let door = try AdminDoor.open(
            AdminPolicy(address: address, tokenFile: file, position: Fixtures.position), resolve: { $0 }, after: nil)
        let head = RequestHead(
            method: "GET", target: try RequestTarget(originForm: path), host: try #require(RequestHost(host)),
            headers: HeaderFields(fields.map { HeaderField(name: $0.0, value: $0.1) }))
        let peer = isLocal ? AdminPeer.process(.init(process: 1, user: 0)) : .address(address)
        let access = AdminAccess(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, penalty: 0)
        do throws(AdminRefusal) {
            try access.check(AdminRequest(head: head, body: [], peer: peer), at: isLocal ? nil : door)
            return nil
        } catch {
            return error.status
        }
    }

    @Test(
        "over TCP the token is asked for, but for what holds no secret; a stranger's name and a browser never get in",
        arguments: [
            ("/status", "localhost", [("Authorization", "Bearer \(secret)")], nil),
            ("/status", "127.0.0.1:99", [("Authorization", "Bearer \(secret)")], nil),
            ("/status", "[::1]:99", [("Authorization", "Bearer \(secret)")], nil),
            ("/status", "localhost", [], 401), ("/status", "localhost", [("Authorization", "Bearer x")], 401),
            ("/status", "localhost", [("Authorization", "Bearer \(secret)"), ("Authorization", "Bearer x")], 401),
            ("/healthz", "localhost", [], nil), ("/readyz", "localhost", [], nil), ("/metrics", "localhost", [], 401),
            ("/healthz/", "localhost", [], 401), ("/nothing", "localhost", [], 401),
            ("/healthz", "evil.example", [], 403), ("/healthz", "localhost.evil.example", [], 403),
            ("/healthz", "192.0.2.1", [], 403), ("/healthz", "localhost", [("Origin", "null")], 403),
            ("/status", "evil.example", [("Authorization", "Bearer \(secret)")], 403),
            ("/status", "localhost", [("Authorization", "Bearer \(secret)"), ("Origin", "http://localhost")], 403),
        ] as [(String, String, [(String, String)], Int?)])
    func overTCP(path: String, host: String, fields: [(String, String)], status: Int?) throws {
        #expect(try refusal(path, host: host, fields) == status)
    }

    @Test("over the socket its mode has decided; a browser does not get in there either")
    func overTheSocket() throws {
        #expect(try refusal("/status", host: "whatever.example", [], isLocal: true) == nil)
        #expect(try refusal("/status", host: "localhost", [("Origin", "http://a")], isLocal: true) == 403)
    }
}
