import Middleware
import Testing

@testable import Portcullis

@Suite struct HandshakeTests {
    @Test("what the client has sent, and what is known of it")
    func facts() throws {
        let handshake = Handshake(
            try context(
                "/a%2dc/?room=1&room=a+b&x",
                [
                    ("Origin", "https://app.example.com"), ("X-A", "1"), ("x-a", "2"),
                    ("Sec-WebSocket-Protocol", "chat, news"),
                ]), settable: [])
        #expect(handshake.clientAddress == "192.0.2.1" && handshake.clientCertificate == "CN=alice")
        #expect(handshake.requestID == "r-1" && handshake.host == "chat.example.com" && handshake.path == "/a-c/")
        #expect(handshake.query(named: "room") == ["1", "a b"] && handshake.query(named: "x") == [""])
        #expect(handshake.query(named: "none").isEmpty)
        #expect(handshake.headers(named: "X-a") == ["1", "2"] && handshake.origin == "https://app.example.com")
        #expect(handshake.subprotocols == ["chat", "news"] && handshake.unixSeconds == 1_700_000_000)
        #expect(handshake.token == nil && handshake.subject == nil)
    }

    @Test("the subject is the one that a service has named where there is no token")
    func subject() throws {
        var context = try context("/")
        context.authorizedSubject = "carol"
        #expect(Handshake(context, settable: []).subject == "carol")
        #expect(Handshake(token: Token(subject: "alice"))?.subject == "alice")
    }

    @Test("one for tests is as a gateway would hand it over")
    func forTests() throws {
        var handshake = try #require(
            Handshake(
                target: "/chat?a=1", host: "Chat.example.com", headers: [("X-A", "1"), ("X_Role", "root")],
                clientAddress: "2001:db8::1", unixSeconds: 5, upstreamHeaders: ["X-Role", "X-Key"]))
        #expect(handshake.path == "/chat" && handshake.host == "chat.example.com" && handshake.unixSeconds == 5)
        #expect(handshake.clientAddress == "2001:db8::1" && handshake.headers(named: "x-a") == ["1"])
        handshake.setUpstreamHeader("x-role", to: "admin")
        #expect(handshake.upstreamHeaders(named: "X-Role") == ["admin"])
        #expect(handshake.upstreamHeaders(named: "X_Role").isEmpty && handshake.failure == nil)
        // The Kelvin sign is a K to Unicode.
        handshake.setUpstreamHeader("X-\u{212a}ey", to: "1")
        #expect(handshake.upstreamHeaders(named: "X-Key") == ["1"])
        handshake.removeUpstreamHeader("X_A")
        #expect(handshake.upstreamHeaders(named: "X-A").isEmpty)
    }

    @Test(
        "one that no gateway would read is none",
        arguments: [("chat", "localhost", "127.0.0.1"), ("/", "a b", "127.0.0.1"), ("/", "localhost", "here")])
    func none(_ target: String, _ host: String, _ address: String) {
        #expect(Handshake(target: target, host: host, clientAddress: address) == nil)
    }
}
