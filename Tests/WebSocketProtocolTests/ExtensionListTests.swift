import Testing
import WebSocketProtocol

struct ExtensionListTests {
    /// nil where the fields are no list of extensions.
    private static func offers(_ values: [String]) throws -> [PerMessageDeflateOffer]? {
        let fields: [(String, String)] =
            [
                ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
                ("Sec-WebSocket-Version", "13"),
            ] + values.map { ("Sec-WebSocket-Extensions", $0) }
        let head = RequestHead(
            method: "GET", target: try RequestTarget(originForm: "/"), host: try #require(RequestHost("a")),
            headers: HeaderFields(fields.map { HeaderField(name: $0.0, value: $0.1) }))
        let request = try UpgradeRequest(head)
        return try? request.deflateOffers()
    }

    private static let plain = PerMessageDeflateOffer()
    private static let limitable = PerMessageDeflateOffer(clientMaxWindowBits: 15)

    @Test(
        "what RFC 6455 9.1 allows is read",
        arguments: [
            ([], []), ([""], []), ([",", " , ,\t"], []), (["x"], []), (["permessage-deflate"], [plain]),
            (["permessage-deflate; client_max_window_bits", "permessage-deflate"], [limitable, plain]),
            (["permessage-deflate; client_max_window_bits, permessage-deflate"], [limitable, plain]),
            ([",,permessage-deflate ,\t"], [plain]),
            ([" permessage-deflate\t;\tclient_max_window_bits "], [limitable]),
            (
                ["permessage-deflate;server_max_window_bits=\"1\\0\";client_max_window_bits = 9"],
                [PerMessageDeflateOffer(serverMaxWindowBits: 10, clientMaxWindowBits: 9)]
            ),
            (["x; a=\"b\"; c=\"\\d\", permessage-deflate, y; z=1"], [plain]),
        ])
    func allowed(values: [String], expected: [PerMessageDeflateOffer]) throws {
        #expect(try Self.offers(values) == expected)
    }

    @Test(
        "what it does not allow is no list",
        arguments: [
            ";", "=", "permessage-deflate;", "permessage-deflate; ", "permessage-deflate;;x", "permessage-deflate; =1",
            "permessage-deflate; a=", "permessage-deflate; a=b=c", "permessage-deflate; a=\"",
            "permessage-deflate; a=\"\"",
            "permessage-deflate; a=\"b", "permessage-deflate; a=\"b\\", "permessage-deflate; a=\"b c\"",
            "permessage-deflate; a=\"b,c\"", "permessage-deflate; a=\"b\\\"\"", "permessage-deflate; a=\"b\"c",
            "permessage deflate", "a/b", "(x)", "\u{e9}", "x, ;",
        ])
    func malformed(value: String) throws {
        #expect(try Self.offers([value]) == nil)
        #expect(try Self.offers(["permessage-deflate", value]) == nil)
    }

    @Test(
        "an offer that RFC 7692 7.1 has a server decline is passed over, and the others stand",
        arguments: [
            "Permessage-Deflate", "permessage-deflate; x", "permessage-deflate; x=1",
            "permessage-deflate; Client_max_window_bits", "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; client_no_context_takeover=1",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
            "permessage-deflate; client_max_window_bits; client_max_window_bits=9",
            "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9",
            "permessage-deflate; server_max_window_bits", "permessage-deflate; server_max_window_bits=7",
            "permessage-deflate; server_max_window_bits=16", "permessage-deflate; server_max_window_bits=010",
            "permessage-deflate; client_max_window_bits=08", "permessage-deflate; client_max_window_bits=+9",
            "permessage-deflate; client_max_window_bits=0",
            "permessage-deflate; client_max_window_bits=99999999999999999999",
            "permessage-deflate; client_max_window_bits=9x",
        ])
    func declined(value: String) throws {
        #expect(try Self.offers([value]) == [])
        #expect(
            try Self.offers([value + ", permessage-deflate", "permessage-deflate; client_max_window_bits"]) == [
                Self.plain, Self.limitable,
            ])
    }

    @Test("more elements or parameters than anybody sends are no list")
    func bounds() throws {
        let elements = [String](repeating: "permessage-deflate", count: 32)
        #expect(try Self.offers([elements.joined(separator: ",")])?.count == 32)
        #expect(try Self.offers(elements)?.count == 32)
        #expect(try Self.offers(elements + ["x"]) == nil)
        let parameters = String(repeating: "; a=b", count: 16)
        #expect(try Self.offers(["x" + parameters]) == [])
        #expect(try Self.offers(["x" + parameters + "; a"]) == nil)
    }

    @Test("H14 long white space and long tokens cost no more than their length")
    func longHeaders() throws {
        let space = String(repeating: " ", count: 100_000)
        #expect(
            try Self.offers(["permessage-deflate" + space + ";" + space + "client_max_window_bits" + space]) == [
                Self.limitable
            ])
        #expect(try Self.offers([String(repeating: ",", count: 100_000) + "permessage-deflate"]) == [Self.plain])
        let quoted = String(repeating: "\\a", count: 100_000)
        #expect(try Self.offers(["x; y=\"" + quoted + "\", permessage-deflate"]) == [Self.plain])
        #expect(try Self.offers(["x; y=\"" + quoted]) == nil)
    }
}
