import Testing
import WebSocketProtocol

struct UpgradeRequestTests {
    private static let valid: [(String, String)] = [
        ("Host", "example.com"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
        ("Origin", "https://example.com"), ("Sec-WebSocket-Protocol", "chat, superchat"),
        ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits, x"),
    ]

    private static func head(
        method: String = "GET", without: [String] = [], _ changes: [(String, String)] = []
    ) throws -> RequestHead {
        let replaced = changes.map(\.0) + without
        let fields = valid.filter { field in !replaced.contains { $0.lowercased() == field.0.lowercased() } } + changes
        return RequestHead(
            method: method, target: try RequestTarget(originForm: "/chat?a"),
            host: try #require(RequestHost("example.com")),
            headers: HeaderFields(fields.map { HeaderField(name: $0.0, value: $0.1) }))
    }

    private static func isMalformedUpgrade(_ head: RequestHead) -> Bool {
        do throws(HandshakeError) {
            _ = try UpgradeRequest(head)
            return false
        } catch {
            if case .malformedUpgrade = error { return true }
            return false
        }
    }

    @Test func `the handshake of RFC 6455 1.3 is read`() throws {
        let request = try UpgradeRequest(try Self.head())
        #expect(request.target.description == "/chat?a")
        #expect(request.host.name == "example.com")
        #expect(request.key == "dGhlIHNhbXBsZSBub25jZQ==")
        #expect(request.subprotocols == ["chat", "superchat"])
        #expect(try request.deflateOffers() == [PerMessageDeflateOffer(clientMaxWindowBits: 15)])
        #expect(request.origin == "https://example.com")
        #expect(request.headers.contains("Host"))
    }

    @Test func `what may be missing may be missing, and case does not count`() throws {
        let head = try Self.head(
            without: ["Origin", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"],
            [("upgrade", "WebSocket"), ("connection", "keep-alive, UPGRADE"), ("Content-Length", "0")])
        let request = try UpgradeRequest(head)
        #expect(request.origin == nil)
        #expect(request.subprotocols.isEmpty)
        #expect(try request.deflateOffers().isEmpty)
    }

    @Test(
        "H1 a key that is not 16 bytes in base64 is refused",
        arguments: [
            "", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===",
            "dGhlIHNhbXBsZSBub25jZR==",  // bits set behind the 16th byte
            "dGhlIHNhbXBsZSBub25jZf==", "dGhlIHNhbXBsZSBub25jZ===", "dGhlIHNhbXBsZSBub25jZQAA", "dGhlIHNhbXBsZSBub25j",
            "dGhlIHNhbXBsZSBub2-jZQ==", "dGhlIHNhbXBsZSBub2 jZQ==", "=GhlIHNhbXBsZSBub25jZQ==",
            "dGhlIHNhbXBsZSBub25j\u{e9}==",
            "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==",
        ])
    func badKey(key: String) throws {
        #expect(Self.isMalformedUpgrade(try Self.head([("Sec-WebSocket-Key", key)])))
    }

    @Test func `what is no list of extensions is refused where somebody asks for them`() throws {
        let request = try UpgradeRequest(try Self.head([("Sec-WebSocket-Extensions", "permessage-deflate;")]))
        #expect(throws: HandshakeError.malformedUpgrade("Sec-WebSocket-Extensions is not a list of extensions")) {
            try request.deflateOffers()
        }
    }

    @Test("H1 the key is there exactly once")
    func keyCount() throws {
        let key = "dGhlIHNhbXBsZSBub25jZQ=="
        #expect(Self.isMalformedUpgrade(try Self.head(without: ["Sec-WebSocket-Key"])))
        #expect(Self.isMalformedUpgrade(try Self.head([("Sec-WebSocket-Key", key), ("sec-websocket-key", key)])))
    }

    @Test("H1 every canonical end of a key is taken", arguments: ["A", "Q", "g", "w"])
    func keyEnds(end: String) throws {
        let key = "++++++++++/////////zZ\(end)=="
        #expect(try UpgradeRequest(try Self.head([("Sec-WebSocket-Key", key)])).key == key)
    }

    @Test(
        "H3 versions other than 13 are told apart",
        arguments: [["12"], ["14"], ["13, 8"], ["013"], [""], ["13", "13"], []])
    func version(values: [String]) throws {
        let head = try Self.head(without: ["Sec-WebSocket-Version"], values.map { ("Sec-WebSocket-Version", $0) })
        #expect(throws: HandshakeError.versionUnsupported) { try UpgradeRequest(head) }
    }

    @Test("H5 no method but GET upgrades", arguments: ["POST", "HEAD", "PUT", "CONNECT", "OPTIONS", "GETX"])
    func method(method: String) throws {
        #expect(Self.isMalformedUpgrade(try Self.head(method: method)))
    }

    @Test(
        "H7 an upgrade with a body is refused",
        arguments: [
            [("Content-Length", "1")], [("Content-Length", "00")], [("Content-Length", "")],
            [("Content-Length", "0, 5")],
            [("Content-Length", "0"), ("content-length", "0")], [("Transfer-Encoding", "chunked")],
            [("Transfer-Encoding", "identity")], [("transfer-encoding", "")],
        ])
    func body(fields: [(String, String)]) throws {
        #expect(Self.isMalformedUpgrade(try Self.head(fields)))
    }

    @Test(
        "H8 Upgrade is websocket and nothing else",
        arguments: [
            ["h2c"], ["websocket, h2c"], ["h2c, websocket"], ["websocket/13"], [""], ["websocket", "h2c"],
            ["websocket", "websocket"],
        ])
    func upgrade(values: [String]) throws {
        #expect(Self.isMalformedUpgrade(try Self.head(values.map { ("Upgrade", $0) })))
    }

    @Test func `a request without Upgrade is not an upgrade, whatever else it has`() throws {
        for method in ["GET", "POST"] {
            let head = try Self.head(method: method, without: ["Upgrade"], [("Content-Length", "5")])
            #expect(throws: HandshakeError.upgradeRequired) { try UpgradeRequest(head) }
        }
    }

    @Test(arguments: [[], ["keep-alive"], ["upgrades"], ["up grade"], [""]])
    func `Connection names upgrade`(values: [String]) throws {
        #expect(Self.isMalformedUpgrade(try Self.head(without: ["Connection"], values.map { ("Connection", $0) })))
    }

    @Test(
        "H14 subprotocols are tokens, each one once",
        arguments: [
            [""], [","], ["a b"], ["a, a"], ["a", "b, a"], ["a;b"], ["\"a\""], ["é"], ["a/b"],
            ["b" + String(repeating: " ", count: 32_000) + "x"],
        ])
    func subprotocols(values: [String]) throws {
        #expect(Self.isMalformedUpgrade(try Self.head(values.map { ("Sec-WebSocket-Protocol", $0) })))
    }

    @Test("H14 many subprotocols and much white space are read in one pass")
    func manySubprotocols() throws {
        let offers = (0..<20_000).map { "p\($0)" }
        let spaced = offers.joined(separator: "   ,\t") + String(repeating: " ", count: 32_000)
        #expect(try UpgradeRequest(try Self.head([("Sec-WebSocket-Protocol", spaced)])).subprotocols == offers)
    }

    @Test func `there is one Origin at most`() throws {
        #expect(Self.isMalformedUpgrade(try Self.head([("Origin", "https://a"), ("Origin", "https://b")])))
    }

    @Test func `subprotocols differ by case`() throws {
        #expect(try UpgradeRequest(try Self.head([("Sec-WebSocket-Protocol", "a, A")])).subprotocols == ["a", "A"])
    }
}
