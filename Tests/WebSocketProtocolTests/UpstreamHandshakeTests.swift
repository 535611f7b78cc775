import Testing
import WebSocketProtocol

struct UpstreamHandshakeTests {
    private static func handshake(offering offers: [PerMessageDeflateOffer]) -> UpstreamHandshake {
        UpstreamHandshake(
            expectedAccept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", offeredSubprotocols: ["chat", "superchat"],
            deflateOffers: offers)
    }

    private static let valid: [(String, String)] = [
        ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ]

    private static func verify(
        status: Int = 101, without: String? = nil, offering offers: [PerMessageDeflateOffer] = [],
        _ added: [(String, String)] = []
    ) throws(UpstreamHandshakeError) -> UpstreamChoice {
        let fields = (valid.filter { $0.0 != without } + added).map { HeaderField(name: $0.0, value: $0.1) }
        return try handshake(offering: offers).verify(ResponseHead(status: status, headers: HeaderFields(fields)))
    }

    @Test func `a 101 that was earned is verified`() throws {
        #expect(try Self.verify().subprotocol == nil)
        #expect(try Self.verify().deflate == nil)
        #expect(try Self.verify([("Sec-WebSocket-Protocol", "superchat")]).subprotocol == "superchat")
        #expect(try Self.verify(without: "Upgrade", [("upgrade", "WebSocket")]).subprotocol == nil)
        #expect(try Self.verify(without: "Connection", [("Connection", "keep-alive, upgrade")]).subprotocol == nil)
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

    private static let offers = [
        PerMessageDeflateOffer(serverMaxWindowBits: 10, clientMaxWindowBits: 12),
        PerMessageDeflateOffer(serverNoContextTakeover: true),
    ]

    @Test func `permessage-deflate may be chosen where it was offered`() throws {
        let plain = try Self.verify(offering: Self.offers)
        #expect(plain.deflate == nil)
        let first = try Self.verify(
            offering: Self.offers,
            [
                (
                    "Sec-WebSocket-Extensions",
                    "permessage-deflate; server_max_window_bits=\"9\";client_max_window_bits = 12"
                )
            ])
        #expect(first.deflate == PerMessageDeflateAgreement(serverMaxWindowBits: 9, clientMaxWindowBits: 12))
        let second = try Self.verify(
            offering: Self.offers, [("sec-websocket-extensions", ", permessage-deflate; server_no_context_takeover ,")])
        #expect(second.deflate == PerMessageDeflateAgreement(serverNoContextTakeover: true))
    }

    @Test(
        "H2 an answer that no offer allows is refused",
        arguments: [
            [""], [","], ["x"], ["permessage-deflate, permessage-deflate"], ["permessage-deflate, x"],
            ["permessage-deflate", "permessage-deflate"], ["permessage-deflate;"], ["permessage-deflate; x"],
            ["permessage-deflate; server_no_context_takeover; server_no_context_takeover"],
            ["permessage-deflate; server_no_context_takeover=true"],
            // The first offer wants the server's window lowered, the second allows nothing of the client's.
            ["permessage-deflate; client_max_window_bits=12"], ["permessage-deflate; client_max_window_bits"],
            ["permessage-deflate; server_max_window_bits=11; client_max_window_bits=12"],
            ["permessage-deflate; server_max_window_bits=10; client_max_window_bits=13"],
            ["permessage-deflate; server_max_window_bits"], ["permessage-deflate; server_max_window_bits=7"],
            ["permessage-deflate; server_max_window_bits=16"], ["permessage-deflate; server_max_window_bits=09"],
        ])
    func badAnswer(values: [String]) {
        #expect {
            _ = try Self.verify(offering: Self.offers, values.map { ("Sec-WebSocket-Extensions", $0) })
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

    @Test(arguments: [
        (UpstreamHandshakeError.refused(status: 404), "it answered 404"),
        (.malformedResponse("status line"), "malformed answer: status line"),
        (.invalidUpgrade("Upgrade is not websocket alone"), "Upgrade is not websocket alone"),
    ])
    func `each error is told in words`(error: UpstreamHandshakeError, words: String) {
        #expect("\(error)" == words)
    }
}
