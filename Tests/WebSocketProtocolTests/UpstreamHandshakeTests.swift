import Testing
import WebSocketProtocol

struct UpstreamHandshakeTests {
    private static let handshake = UpstreamHandshake(
        key: "dGhlIHNhbXBsZSBub25jZQ==", expectedAccept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        offeredSubprotocols: ["chat", "superchat"])

    private static let valid: [(String, String)] = [
        ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ]

    private static func verify(
        status: Int = 101, without: String? = nil, _ added: [(String, String)] = []
    ) throws(UpstreamHandshakeError) -> String? {
        let fields = (valid.filter { $0.0 != without } + added).map { HeaderField(name: $0.0, value: $0.1) }
        return try handshake.verify(ResponseHead(status: status, headers: HeaderFields(fields)))
    }

    @Test func `a 101 that was earned is verified`() throws {
        #expect(try Self.verify() == nil)
        #expect(try Self.verify([("Sec-WebSocket-Protocol", "superchat")]) == "superchat")
        #expect(try Self.verify(without: "Upgrade", [("upgrade", "WebSocket")]) == nil)
        #expect(try Self.verify(without: "Connection", [("Connection", "keep-alive, upgrade")]) == nil)
    }

    @Test(
        "H2 a 101 that was not earned is refused",
        arguments: [
            ("Sec-WebSocket-Accept", []), ("Sec-WebSocket-Accept", ["s3pPLMBiTxaQ9kYGzzhZRbK+xOO="]),
            ("Sec-WebSocket-Accept", [""]), ("Sec-WebSocket-Accept", ["S3PPLMBITXAQ9KYGZZHZRBK+XOO="]),
            ("Sec-WebSocket-Accept", ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]),
            ("Sec-WebSocket-Protocol", ["other"]), ("Sec-WebSocket-Protocol", ["CHAT"]),
            ("Sec-WebSocket-Protocol", [""]),
            ("Sec-WebSocket-Protocol", ["chat, superchat"]), ("Sec-WebSocket-Protocol", ["chat", "chat"]),
            ("Sec-WebSocket-Extensions", ["permessage-deflate"]), ("sec-websocket-extensions", [""]),
            ("Upgrade", []), ("Upgrade", ["h2c"]), ("Upgrade", ["websocket, h2c"]), ("Connection", []),
            ("Connection", ["close"]), ("Transfer-Encoding", ["chunked"]), ("Content-Length", ["1"]),
        ])
    func invalid(name: String, values: [String]) {
        #expect {
            _ = try Self.verify(without: name, values.map { (name, $0) })
        } throws: { error in
            if case .invalidUpgrade = error as? UpstreamHandshakeError { true } else { false }
        }
    }

    @Test(
        "H3 H4 no status but 101 opens a tunnel, whatever its fields say",
        arguments: [100, 200, 204, 301, 401, 426, 500])
    func otherStatus(status: Int) {
        #expect(throws: UpstreamHandshakeError.refused(status: status)) { try Self.verify(status: status) }
    }
}
