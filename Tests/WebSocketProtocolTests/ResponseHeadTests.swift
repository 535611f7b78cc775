import Testing
import WebSocketProtocol

struct ResponseHeadTests {
    private static func parse(_ bytes: [UInt8]) throws(UpstreamHandshakeError) -> ResponseHead? {
        var parser = ResponseHeadParser()
        return try parser.receive(bytes.span).head
    }

    @Test func `a head is the same in whatever pieces it comes, and ends where it ends`() throws {
        let head = Array("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX: y\r\n\r\n".utf8)
        for way in pieces(of: head + [0x81, 0x01, 0x61]) {
            var parser = ResponseHeadParser()
            var consumed = 0
            var found: ResponseHead?
            for piece in way where found == nil {
                let result = try parser.receive(piece.span)
                consumed += result.consumed
                found = result.head
            }
            #expect(found?.status == 101)
            #expect(found?.headers.fields.map(\.value) == ["websocket", "y"])
            #expect(consumed == head.count)
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK", 200), ("HTTP/1.1 404", 404), ("HTTP/1.1 503 ", 503), ("HTTP/1.0 400 Bad", 400),
        ("HTTP/1.1 599 \u{e9}\tx", 599), ("HTTP/1.1 101", 101),
    ])
    func `status lines are read`(line: String, status: Int) throws {
        #expect(try Self.parse(Array("\(line)\r\n\r\n".utf8))?.status == status)
    }

    @Test(arguments: [
        "HTTP/1.0 101 Switching Protocols", "HTTP/2 200", "HTTP/1.1  200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK",
        "HTTP/1.1 099 OK",
        "HTTP/1.1 600 OK", "HTTP/1.1 2x0 OK", "HTTP/1.1 +20 OK", "http/1.1 200 OK", "HTTP/1.1 200 a\u{0}b",
        "HTTP/1.1 200 a\rb", "", "200",
        "HTTP/1.1 101-x", "ICY 200 OK", "HTTP/1.1 200 OK\r\nX : y", "HTTP/1.1 200 OK\r\n X: y", "HTTP/1.1 200 OK\nX: y",
    ])
    func `anything else is malformed`(head: String) {
        #expect {
            _ = try Self.parse(Array("\(head)\r\n\r\n".utf8))
        } throws: { error in
            if case .malformedResponse = error as? UpstreamHandshakeError { true } else { false }
        }
    }

    @Test("H13 an upstream's head is bounded too")
    func limits() {
        let fields = "HTTP/1.1 200 OK\r\n" + String(repeating: "a:b\r\n", count: 101) + "\r\n"
        #expect(throws: UpstreamHandshakeError.self) { try Self.parse(Array(fields.utf8)) }
        let long = Array("HTTP/1.1 200 OK\r\nX: ".utf8) + [UInt8](repeating: 0x61, count: 20_000)
        #expect(throws: UpstreamHandshakeError.self) { try Self.parse(long) }
    }
}
