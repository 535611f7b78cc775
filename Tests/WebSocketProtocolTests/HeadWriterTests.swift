import Testing
import WebSocketProtocol

struct HeadWriterTests {
    private static let key = "dGhlIHNhbXBsZSBub25jZQ=="

    private static func text(_ bytes: [UInt8]?) -> String? {
        bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func upgrade(
        target: String = "/a?b", host: String = "up:9001", key: String = key, subprotocols: [String] = [],
        _ headers: [(String, String)] = []
    ) -> [UInt8]? {
        UpgradeRequestWriter.serializedUpgrade(
            target: target, host: host, key: key, subprotocols: subprotocols,
            headers: HeaderFields(headers.map { HeaderField(name: $0.0, value: $0.1) }))
    }

    @Test func `an upgrade reads as RFC 6455 4_1 asks`() throws {
        let bytes = try #require(Self.upgrade(subprotocols: ["x", "y"], [("Cookie", "é"), ("Origin", "https://o")]))
        #expect(
            Self.text(bytes) == """
                GET /a?b HTTP/1.1\r
                Host: up:9001\r
                Upgrade: websocket\r
                Connection: Upgrade\r
                Sec-WebSocket-Key: \(Self.key)\r
                Sec-WebSocket-Version: 13\r
                Sec-WebSocket-Protocol: x, y\r
                Cookie: é\r
                Origin: https://o\r
                \r

                """)
        // The gateway's own parser takes what its writer wrote.
        var parser = RequestHeadParser()
        let head = try #require(try parser.receive(bytes.span).head)
        #expect(try UpgradeRequest(head).subprotocols == ["x", "y"])
    }

    @Test func `extensions are written only as they were agreed on`() {
        let offers = [PerMessageDeflateOffer(clientMaxWindowBits: 15), PerMessageDeflateOffer()]
        let request = UpgradeRequestWriter.serializedUpgrade(
            target: "/", host: "up", key: Self.key, subprotocols: [], offers: offers, headers: HeaderFields())
        #expect(
            Self.text(request)?.contains(
                "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, permessage-deflate\r\n")
                == true)
        let response = ResponseWriter.serializedSwitchingProtocols(
            accept: "a", subprotocol: nil, deflate: PerMessageDeflateAgreement(clientNoContextTakeover: true),
            headers: HeaderFields([HeaderField(name: "Sec-WebSocket-Extensions", value: "x")]))
        #expect(
            Self.text(response)?.hasSuffix(
                "\r\nSec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n\r\n") == true)
    }

    @Test func `fields that the handshake sets are not written twice`() {
        let own: [(String, String)] = [
            ("host", "evil"), ("UPGRADE", "h2c"), ("Connection", "close"), ("Content-Length", "5"),
            ("Transfer-Encoding", "chunked"), ("Sec-WebSocket-Extensions", "permessage-deflate"),
            ("content_length", "5"), ("Transfer_Encoding", "chunked"), ("Sec_WebSocket_Key", "x"),
        ]
        #expect(Self.upgrade(own) == Self.upgrade())
    }

    @Test(
        "H12 a value that could break out of its line is not written",
        arguments: ["a\r\nX: y", "a\nb", "a\rb", "a\0b", "a\u{7f}", "a\u{1b}"])
    func injection(value: String) {
        let headers = HeaderFields([HeaderField(name: "X", value: value)])
        #expect(Self.upgrade([("X", value)]) == nil)
        #expect(Self.upgrade(target: "/\(value)") == nil)
        #expect(Self.upgrade(host: value) == nil)
        #expect(Self.upgrade(key: value) == nil)
        #expect(Self.upgrade(subprotocols: ["a", value]) == nil)
        #expect(Self.upgrade([(value, "b")]) == nil)
        #expect(
            ResponseWriter.serializedSwitchingProtocols(accept: value, subprotocol: nil, headers: HeaderFields()) == nil
        )
        #expect(
            ResponseWriter.serializedSwitchingProtocols(accept: "a", subprotocol: value, headers: HeaderFields()) == nil
        )
        #expect(ResponseWriter.serializedSwitchingProtocols(accept: "a", subprotocol: nil, headers: headers) == nil)
        #expect(ResponseWriter.serializedResponse(status: 400, headers: headers, body: []) == nil)
    }

    @Test(arguments: ["", "a", "/a b", "/é", "http://a/"])
    func `a target is a path in visible ASCII`(target: String) {
        #expect(Self.upgrade(target: target) == nil)
    }

    @Test func `a 101 holds what RFC 6455 4_2_2 asks`() {
        let bytes = ResponseWriter.serializedSwitchingProtocols(
            accept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", subprotocol: "chat",
            headers: HeaderFields([
                HeaderField(name: "Set-Cookie", value: "a=b"), HeaderField(name: "Content-Length", value: "0"),
            ]))
        #expect(
            Self.text(bytes) == """
                HTTP/1.1 101 Switching Protocols\r
                Upgrade: websocket\r
                Connection: Upgrade\r
                Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
                Sec-WebSocket-Protocol: chat\r
                Set-Cookie: a=b\r
                \r

                """)
    }

    @Test("H3 a 426 names the version that is spoken")
    func upgradeRequired() {
        let headers = HeaderFields([
            HeaderField(name: "Upgrade", value: "websocket"), HeaderField(name: "Sec-WebSocket-Version", value: "13"),
            HeaderField(name: "Connection", value: "keep-alive"),
            HeaderField(name: "Content-Type", value: "application/json"),
        ])
        #expect(
            Self.text(ResponseWriter.serializedResponse(status: 426, headers: headers, body: Array("{}".utf8))) == """
                HTTP/1.1 426 Upgrade Required\r
                Upgrade: websocket\r
                Sec-WebSocket-Version: 13\r
                Content-Type: application/json\r
                Content-Length: 2\r
                Connection: close\r
                \r
                {}
                """)
    }

    @Test(arguments: [200, 400, 401, 403, 404, 408, 426, 429, 431, 500, 502, 503, 504])
    func `each status that the gateway sends has a reason phrase`(status: Int) throws {
        let bytes = try #require(ResponseWriter.serializedResponse(status: status, headers: HeaderFields(), body: []))
        let line = try #require(Self.text(bytes)?.split(separator: "\r\n").first)
        #expect(line.split(separator: " ").count >= 3)
        var parser = ResponseHeadParser()
        #expect(try parser.receive(bytes.span).head?.status == status)
    }

    @Test(arguments: [0, 100, 101, 600, -1])
    func `a status that ends nothing is not written`(status: Int) {
        #expect(ResponseWriter.serializedResponse(status: status, headers: HeaderFields(), body: []) == nil)
    }
}
