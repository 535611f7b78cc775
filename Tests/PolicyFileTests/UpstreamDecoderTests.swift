import Testing

@testable import PolicyFile

struct UpstreamDecoderTests {
    @Test(
        "upstreams",
        arguments: PolicyCase.table(
            .upstreams,
            #"""
            == upstream with all keys
            u:
              endpoints: ["ws://Chat.internal/base/", "ws://[2001:DB8::1]:9001", "WS://10.0.0.1:80/a%20b"]
              connect_timeout: 250ms
              handshake_timeout: 1m
            ----
            u [ws://chat.internal:80/base, ws://[2001:db8::1]:9001, ws://10.0.0.1:80/a%20b] 0.25 seconds 60.0 seconds
            == upstream without endpoints
            u: {}
            ----
            1:4: error: an upstream needs `endpoints`, such as `endpoints: ["ws://127.0.0.1:9001"]`
            == upstream with no endpoint
            u: { endpoints: [] }
            ----
            1:17: error: `endpoints` is empty; an upstream needs one at least
            == endpoints that are wrong
            u:
              endpoints:
                - 127.0.0.1:9001
                - http://127.0.0.1:9001
                - wss://chat.internal
                - ws://chat.internal?x=1
                - ws://user:secret@chat.internal
                - ws://chat.internal:0
                - ws://chat.internal:99999
                - ws://::1
                - ws://chat.internal/a/../b
                - "ws://"
                - ws://chat_.-internal
                - ws://10.0.0.256
                - ws://chat.internal.
                - ws://*.internal
                - ws://bücher.example
                - ws://[chat]
                - 17
            ----
            3:7: error: an endpoint is ws://HOST:PORT, with a path behind it where the server wants one, not `127.0.0.1:9001`; write `ws://127.0.0.1:9001`
            4:7: error: an endpoint is ws://HOST:PORT, with a path behind it where the server wants one, not `http://127.0.0.1:9001`
            5:7: error: `wss://` endpoints are not supported by this version; an endpoint is ws://HOST:PORT, with a path behind it where the server wants one
            6:7: error: an endpoint has no query and no fragment: `ws://chat.internal?x=1`
            7:7: error: an endpoint has no user name and no password
            8:7: error: `ws://chat.internal:0` needs a port from 1 to 65535
            9:7: error: `ws://chat.internal:99999` needs a port from 1 to 65535 behind its last colon; IPv6 goes in brackets
            10:7: error: `ws://::1` needs a port from 1 to 65535 behind its last colon; IPv6 goes in brackets
            11:7: error: the path of an endpoint must not have `.` or `..` segments: `/a/../b`
            12:7: error: the host is missing
            13:7: error: `chat_.-internal` is no host name and no IP address
            14:7: error: `10.0.0.256` is no IPv4 address: it needs four numbers from 0 to 255 without leading zeros
            15:7: error: `chat.internal.` must not end in a dot
            16:7: error: `*.internal` has a star in a place where it has no meaning; only `*.` in front of a whole name has
            17:7: error: `bücher.example` must be in ASCII; write an international name as xn--…
            18:7: error: `[chat]` is no host name and no IP address
            19:7: error: an endpoint is ws://HOST:PORT, with a path behind it where the server wants one, not `17`; write `ws://17`
            == upstream timeouts that are wrong
            u: { endpoints: ["ws://a:1"], connect_timeout: 5, handshake_timeout: [1s] }
            ----
            1:48: error: `connect_timeout` needs a unit: `5` could be 5s, 5m or 5h
            1:70: error: `handshake_timeout` must be a duration such as 250ms, 30s or 24h, not a list
            == upstream that is not a mapping
            u: ws://127.0.0.1:9001
            ----
            1:4: error: an upstream must be a mapping, with keys such as `endpoints`, not `ws://127.0.0.1:9001`
            == upstream in other gateways' words
            u: { urls: ["ws://a:1"], dialTimeout: 5s, retries: 3 }
            ----
            1:6: error: unknown key `urls` in an upstream; did you mean `endpoints`?
            1:26: error: unknown key `dialTimeout` in an upstream; did you mean `connect_timeout`?
            1:43: error: unknown key `retries` in an upstream; its keys are `endpoints`, `connect_timeout`, `handshake_timeout`
            """#))
    func upstreams(_ policy: PolicyCase) { policy.check() }
}
