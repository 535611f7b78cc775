import PolicyModel
import Testing

@testable import Engine

@Suite struct MadeUpHeadTests {
    private func text(_ head: MadeUpHead) -> String { String(decoding: head.serialized, as: UTF8.self) }

    @Test("a valid handshake, in this order")
    func plain() {
        var made = MadeUpHandshake(host: "a.example", target: "/x?y")
        made.subprotocols = ["chat", "news"]
        #expect(
            text(MadeUpHead(made)) == """
                GET /x?y HTTP/1.1\r
                Host: a.example\r
                Upgrade: websocket\r
                Connection: Upgrade\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                Sec-WebSocket-Version: 13\r
                Sec-WebSocket-Protocol: chat, news\r
                \r\n
                """)
    }

    @Test("fields beside its own, in their place, and none of a name")
    func fields() {
        var made = MadeUpHandshake(host: "a.example", method: "POST")
        made.headers = [("X-A", ""), ("upgrade", ""), ("CONNECTION", "close"), ("Connection", "keep-alive")]
        #expect(
            text(MadeUpHead(made)) == """
                POST / HTTP/1.1\r
                Host: a.example\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                Sec-WebSocket-Version: 13\r
                X-A: \r
                CONNECTION: close\r
                Connection: keep-alive\r
                \r\n
                """)
    }

    private static func settings(_ carriers: [TokenSettings.Carrier]) -> TokenSettings {
        TokenSettings(issuers: ["local"], carriers: carriers)
    }

    @Test(
        "a token stands where it is first taken from",
        arguments: [
            (nil, "/?a=b", "\r\nAuthorization: Bearer t/1"),
            (settings([.header("X-T", scheme: "Token"), .query("q")]), "/?a=b", "\r\nX-T: Token t/1"),
            (settings([.header("X-T", scheme: nil)]), "/?a=b", "\r\nX-T: t/1"),
            (settings([.subprotocol(prefix: "bearer.")]), "/?a=b", "\r\nSec-WebSocket-Protocol: bearer.t/1"),
            (settings([.cookie("s")]), "/?a=b", "\r\nCookie: c=d; s=t/1"),
            (settings([.query("q ü")]), "/?a=b&q%20%C3%BC=t%2F1", ""),
        ])
    func carried(_ settings: TokenSettings?, _ target: String, _ field: String) {
        var head = MadeUpHead(MadeUpHandshake(host: "a.example", target: "/?a=b", headers: [("Cookie", "c=d")]))
        head.carry("t/1", settings)
        #expect(text(head).hasPrefix("GET \(target) HTTP/1.1\r\n") && text(head).contains(field))
        #expect(head.firstMessage == nil)
    }

    @Test("a token in a first message, unless there is one")
    func firstMessage() throws {
        var settings = Self.settings([])
        settings.firstMessage = FirstMessageSettings(pointer: JSONPointer(tokens: ["auth", "token"]))
        var head = MadeUpHead(MadeUpHandshake(host: "a.example"))
        head.carry("t", settings)
        #expect(head.firstMessage == #"{"auth":{"token":"t"}}"#)
        var other = MadeUpHead(MadeUpHandshake(host: "a.example", firstMessage: "hello"))
        other.carry("t", settings)
        #expect(other.firstMessage == "hello" && !text(other).contains("Bearer"))
    }
}
