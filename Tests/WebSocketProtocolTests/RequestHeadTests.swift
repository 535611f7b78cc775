import Testing
import WebSocketProtocol

struct RequestHeadTests {
    private static let request = """
        GET /chat?a=b HTTP/1.1\r
        Host: Example.com:8443\r
        Empty:\r
        Spaced: \t a  b \t\r
        Unicode: é\r
        \r

        """

    /// What came of feeding the pieces: the head, and how many bytes it took.
    private static func parse(
        _ pieces: [[UInt8]], maximumBytes: Int = 16384, maximumFields: Int = 100
    ) throws(HandshakeError) -> (head: RequestHead, consumed: Int)? {
        var parser = RequestHeadParser(maximumBytes: maximumBytes, maximumFields: maximumFields)
        var total = 0
        for piece in pieces {
            let (consumed, head) = try parser.receive(piece.span)
            total += consumed
            if let head { return (head, total) }
            #expect(consumed == piece.count)
        }
        return nil
    }

    private static func error(_ text: String) -> HandshakeError? {
        var errors: Set<Int> = []
        var last: HandshakeError?
        for way in pieces(of: Array(text.utf8)) {
            do throws(HandshakeError) {
                _ = try parse(way)
                return nil
            } catch {
                errors.insert(error.status)
                last = error
            }
        }
        return errors.count == 1 ? last : nil
    }

    @Test func `a head is the same in whatever pieces it comes`() throws {
        let bytes = Array(Self.request.utf8)
        for way in pieces(of: bytes) {
            let (head, consumed) = try #require(try Self.parse(way))
            #expect(consumed == bytes.count)
            #expect(head.method == "GET")
            #expect(head.target.description == "/chat?a=b")
            #expect(head.host.description == "example.com:8443")
            #expect(head.headers.fields.map(\.name) == ["Host", "Empty", "Spaced", "Unicode"])
            #expect(head.headers.fields.map(\.value) == ["Example.com:8443", "", "a  b", "é"])
        }
    }

    @Test("H6 bytes behind the head are not part of it")
    func pipelined() throws {
        let bytes = Array(Self.request.utf8)
        let following = Array("GET /admin HTTP/1.1\r\nHost: b\r\n\r\n".utf8)
        for way in pieces(of: bytes + following) {
            var parser = RequestHeadParser()
            var consumed = 0
            var heads = 0
            for piece in way where heads == 0 {
                let result = try parser.receive(piece.span)
                consumed += result.consumed
                if result.head != nil { heads += 1 }
            }
            #expect(heads == 1)
            #expect(consumed == bytes.count)
        }
    }

    @Test(
        "H12 what two servers could read in two ways is refused",
        arguments: [
            "GET / HTTP/1.1\nHost: a\r\n\r\n",  // bare LF
            "GET / HTTP/1.1\r\nHost: a\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n",
            "GET / HTTP/1.1\rHost: a\r\n\r\n",  // bare CR
            "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n",  // NUL
            "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: b\u{1}\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: b\u{7f}\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",  // obs-fold
            "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc: d\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",  // white space before the colon
            "GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX y: b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",  // two Hosts
            "GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",  // no Host
            "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
            "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",  // absolute-form with another host
            "GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://a/ HTTP/1.1\r\n\r\n",
            "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://a\\b/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET http://a#/ HTTP/1.1\r\nHost: a\r\n\r\n",
        ])
    func malformed(text: String) throws {
        guard case .malformedRequest = Self.error(text) else {
            Issue.record("accepted, or another error: \(String(describing: Self.error(text)))")
            return
        }
    }

    @Test(arguments: [
        "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET / http/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "GET / HTTP/1.10\r\nHost: a\r\n\r\n",
        "GET /\r\nHost: a\r\n\r\n", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", "get / HTTP/1.1\r\nHost: a\r\n\r\n",
        "Get / HTTP/1.1\r\nHost: a\r\n\r\n", "G\u{c9}T / HTTP/1.1\r\nHost: a\r\n\r\n", " / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /../a HTTP/1.1\r\nHost: a\r\n\r\n", "GET /é HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n",
        "GETGETGETGETGETGETGETGETGETGETGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ])
    func `a request line is three words, in HTTP 1.1 alone`(text: String) {
        guard case .malformedRequest = Self.error(text) else {
            Issue.record("accepted, or another error: \(String(describing: Self.error(text)))")
            return
        }
    }

    @Test func `field values that are not UTF-8 are refused`() {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + [0xe9] + Array("\r\n\r\n".utf8)
        #expect(throws: HandshakeError.malformedRequest("field value is not UTF-8")) { try Self.parse([bytes]) }
    }

    @Test(arguments: [
        ("http://a/b?c", "a", "/b?c"), ("HTTPS://A:443/b", "a", "/b"), ("https://a/b", "a:443", "/b"),
        ("ws://a", "a:80", "/"),
        ("wss://a.?b", "a", "/?b"), ("http://[::1]:8/b", "[::1]:8", "/b"),
    ])
    func `absolute-form is read where it agrees with Host`(target: String, host: String, expected: String) throws {
        let text = "GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n"
        let head = try #require(try Self.parse([Array(text.utf8)])).head
        #expect(head.target.description == expected)
    }

    @Test("H13 a head of exactly the limit passes, one more byte is refused")
    func limitOfBytes() throws {
        let start = "GET / HTTP/1.1\r\nHost: a\r\nX: "
        for extra in [0, 1] {
            let filler = String(repeating: "x", count: 16384 - start.utf8.count - 4 + extra)
            let bytes = Array((start + filler + "\r\n\r\n").utf8)
            #expect(bytes.count == 16384 + extra)
            for way in [[bytes], bytes.map { [$0] }] {
                if extra == 0 {
                    #expect(try Self.parse(way)?.consumed == 16384)
                } else {
                    #expect(throws: HandshakeError.headersTooLarge) { try Self.parse(way) }
                }
            }
        }
    }

    @Test("H13 100 fields pass, 101 are refused")
    func limitOfFields() throws {
        for extra in [0, 1] {
            let fields = String(repeating: "a:b\r\n", count: 99 + extra)
            let bytes = Array(("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n").utf8)
            if extra == 0 {
                #expect(try Self.parse([bytes])?.head.headers.fields.count == 100)
            } else {
                #expect(throws: HandshakeError.headersTooLarge) { try Self.parse([bytes]) }
            }
        }
    }

    @Test("H13 30 combining marks in a row pass, 31 are refused: to compare text takes the square of them")
    func limitOfMarks() throws {
        for extra in [0, 1] {
            let value = "e" + String(repeating: "\u{301}", count: 30 + extra)
            let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX: \(value)\r\n\r\n".utf8)
            for way in pieces(of: bytes) {
                if extra == 0 {
                    #expect(try Self.parse(way)?.head.headers.first("X") == value)
                } else {
                    #expect(
                        throws: HandshakeError.malformedRequest("field value has too many combining marks in a row")
                    ) { try Self.parse(way) }
                }
            }
        }
    }

    @Test("H9 H13 Connection may name 64 fields, and not 65")
    func limitOfConnection() throws {
        for extra in [0, 1] {
            let names = (0..<32 + extra).map { "x\($0)" }.joined(separator: ",")
            let fields = "Connection: \(names),,\r\nconnection: " + String(repeating: "a,", count: 32)
            let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n".utf8)
            if extra == 0 {
                #expect(try Self.parse([bytes]) != nil)
            } else {
                #expect(throws: HandshakeError.malformedRequest("Connection names more than 64 fields")) {
                    try Self.parse([bytes])
                }
            }
        }
    }

    @Test("H13 a 20 MB head is given up at the limit, and stays given up")
    func hugeHead() {
        var parser = RequestHeadParser()
        let piece = Array("GET / HTTP/1.1\r\nX: ".utf8) + [UInt8](repeating: 0x61, count: 4096)
        var taken = 0
        while taken < 20_000_000 {
            guard (try? parser.receive(piece.span)) != nil else { break }
            taken += piece.count
        }
        #expect(taken <= 16384)
        #expect(throws: HandshakeError.headersTooLarge) { try parser.receive(piece.span) }
    }

    @Test func `an error is thrown again`() {
        var parser = RequestHeadParser()
        #expect(throws: HandshakeError.self) { try parser.receive(Array("\r\n".utf8).span) }
        #expect(throws: HandshakeError.self) { try parser.receive(Array(Self.request.utf8).span) }
    }

    @Test func `random bytes give a head or an error, never a trap`() {
        var generator = SeededGenerator(seed: 13)
        let valid = Array(Self.request.utf8)
        for _ in 0..<20_000 {
            var bytes = valid
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(contentsOf: bytes[place...].prefix(5), at: place)
                }
            }
            guard let (head, _) = try? Self.parse([bytes]) else { continue }
            #expect(
                head.headers.fields.allSatisfy {
                    HeaderFields.isValidName($0.name) && HeaderFields.isValidValue($0.value)
                })
            #expect((try? RequestTarget(originForm: head.target.description)) == head.target)
        }
    }
}
