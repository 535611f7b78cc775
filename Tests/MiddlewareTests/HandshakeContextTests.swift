import Testing
import WebSocketProtocol

@testable import Middleware

@Suite struct HandshakeContextTests {
    @Test("fields of this hop, and those that the gateway writes, do not go upstream")
    func removed() throws {
        let context = try context(
            "/chat",
            [
                ("X-Forwarded-For", "1.2.3.4"), ("x_forwarded_proto", "https"), ("Forwarded", "for=1.2.3.4"),
                ("X-Real-IP", "1.2.3.4"), ("Keep-Alive", "1"), ("Sec-WebSocket-Extensions", "permessage-deflate"),
                ("sec_websocket_key", "x"), ("X-Original-URL", "/admin"), ("x_rewrite_url", "/admin"),
                ("Expect", "100-continue"), ("Transfer_Encoding", "chunked"), ("Proxy_Authorization", "Basic YTpi"),
                ("User-Agent", "test"), ("Cookie", "a=b"),
            ])
        #expect(context.upstreamHeaders.fields.map(\.name) == ["User-Agent", "Cookie"])
        #expect(context.request.headers.contains("X-Forwarded-For"))
    }

    @Test("H9 Connection names a field: the client's own goes, as it is this hop's")
    func connection() throws {
        let context = try context("/chat", [("Connection", "X-Secret"), ("X-Secret", "1"), ("X-Other", "2")])
        #expect(context.upstreamHeaders.fields.map(\.name) == ["X-Other"])
    }
}
