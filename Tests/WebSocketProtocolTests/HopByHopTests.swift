import Testing
import WebSocketProtocol

struct HopByHopTests {
    @Test func `what concerns one connection alone is removed`() {
        let removed = [
            "Connection", "keep-alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
            "Proxy-Authorization", "Proxy-Authenticate", "Proxy-Authentication-Info", "HTTP2-Settings",
            "Sec-WebSocket-Key",
            "sec-websocket-accept", "Sec-WebSocket-Anything", "Transfer_Encoding", "proxy_authorization", "KEEP_ALIVE",
            "Proxy_Connection", "sec_websocket_key",
        ]
        let kept = ["Cookie", "Authorization", "Origin", "X-Upgrade", "Sec-WebSocketKey", "Sec-Fetch-Mode"]
        var headers = HeaderFields((removed + kept).map { HeaderField(name: $0, value: "x") })
        HopByHop.removeHopByHop(from: &headers)
        #expect(headers.fields.map(\.name) == kept)
    }

    @Test("H9 what Connection names goes before a policy sets it")
    func connectionNames() {
        var headers = HeaderFields([
            HeaderField(name: "Connection", value: "Upgrade, X-Auth-Subject"),
            HeaderField(name: "x-auth-subject", value: "a"),
            HeaderField(name: "Connection", value: "Other"), HeaderField(name: "Other", value: "b"),
        ])
        HopByHop.removeHopByHop(from: &headers)
        headers.set("X-Auth-Subject", "policy's")
        // No trace of the client's Connection is left that could name the field again further on.
        #expect(headers.fields == [HeaderField(name: "X-Auth-Subject", value: "policy's")])
    }
}
