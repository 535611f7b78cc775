import Glibc
import Testing
import Tokens
import WebSocketProtocol

@testable import Engine

@Suite(.timeLimit(.minutes(1))) struct AdminConnectionTests {
    private static let head = "POST /x HTTP/1.1\r\nHost: a\r\n"

    /// What comes back for these bytes, and what was asked. The peer ends its side behind them unless it `waits`.
    private func serve(_ sent: [String], waits: Bool = false) throws -> (answer: String, asked: AdminRequest?) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue)
        #expect(unsafe socketpair(AF_UNIX, type, 0, &ends) == 0)
        let peer = Descriptor(owning: ends[0])
        for bytes in sent.map({ Array($0.utf8) }) {
            #expect(unsafe send(peer.number, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
        }
        if !waits { Socket.endSending(peer.number) }
        var asked: AdminRequest?
        let patience = AdminConnection.Patience(request: 20, answer: 1000, end: 0)
        AdminConnection(Descriptor(owning: ends[1]), patience: patience)
            .serve(from: .process(.init(process: 1, user: 0))) { request in
                asked = request
                return AdminAnswer(["ok": .boolean(true)])
            }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe recv(peer.number, &bytes, bytes.count, 0)
        return (String(decoding: bytes.prefix(max(0, count)), as: UTF8.self), asked)
    }

    @Test("a request comes whole, however it is cut, and what follows it is not read")
    func request() throws {
        let text = Self.head + "Content-Length: 4\r\n\r\nbody"
        for cut in 0...text.utf8.count {
            let parts = [String(text.prefix(cut)), String(text.dropFirst(cut)) + "POST /y HTTP/1.1\r\n"]
            let (answer, asked) = try serve(parts)
            #expect(asked?.body == Array("body".utf8) && asked?.head.target.path == "/x")
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("{\"ok\":true}\n"))
        }
    }

    @Test("who has said nothing is told nothing")
    func silence() throws {
        #expect(try serve([]).answer == "")
    }

    @Test("who waits for the word to go on gets it")
    func expectation() throws {
        let text = Self.head + "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        #expect(try serve([text], waits: true).answer.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 408 "))
    }

    @Test(
        "what is no request, or too much of one, is refused before anybody is asked",
        arguments: [
            ("GET /x HTTP/1.0\r\n\r\n", 400), ("GET /x HTTP/1.1\r\n\r\n", 400), ("nonsense", 400),
            (head + "X: \(String(repeating: "x", count: 16_384))\r\n\r\n", 431),
            (head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411), (head + "Content-Length: 65537\r\n\r\n", 413),
            (head + "Content-Length: 9999999999999999999\r\n\r\n", 413),
            (head + "Content-Length: 99999999999999999999\r\n\r\n", 400), (head + "Content-Length: +1\r\n\r\nx", 400),
            (head + "Content-Length:\r\n\r\n", 400), (head + "Content-Length: 1, 1\r\n\r\nx", 400),
            (head + "Content-Length: 2\r\n\r\nx", 400),
        ])
    func refusals(sent: String, status: Int) throws {
        let (answer, asked) = try serve([sent])
        #expect(answer.hasPrefix("HTTP/1.1 \(status) ") && asked == nil)
    }

    @Test("who does not end a request in time is told so", arguments: [head, head + "Content-Length: 2\r\n\r\nx"])
    func time(sent: String) throws {
        let (answer, asked) = try serve([sent], waits: true)
        #expect(answer.hasPrefix("HTTP/1.1 408 ") && asked == nil)
    }

    @Test("a body may have just as many bytes as are allowed")
    func largest() throws {
        let body = String(repeating: "x", count: AdminConnection.maximumBodyBytes)
        let asked = try serve([Self.head + "Content-Length: \(body.count)\r\n\r\n" + body]).asked
        #expect(asked?.body.count == body.count)
    }
}
