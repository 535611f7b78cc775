import Testing

@testable import PolicyFile

struct TestHandshakeDecoderTests {
    @Test(
        "a test's handshake",
        arguments: TestFileCase.table(
            .testHandshake,
            #"""
            == the defaults
            {}
            ----
            t:
            chat.test/chat of o X-A 1 claims zoe for [] may [] ends 3600.0 seconds old 0.0 seconds
            -> admitted
            == all of it
            url: wss://a.test:8443?q=1
            listener: public
            address: "2001:db8::1"
            method: POST
            origin: https://app.test
            headers: { X-B: "2", Cookie: [a=1, b=2] }
            subprotocols: [chat, v2]
            client_certificate: CN=alice
            time: day 2
            repeat: 3
            every: 2s
            authorization: { status: 200, headers: { X-User: alice } }
            first_message: hello
            ----
            t:
            a.test:8443/?q=1 at public from 2001:db8::1 by POST of https://app.test X-A 1 X-B 2 Cookie a=1 Cookie b=2 speaking ["chat", "v2"] claims zoe for [] may [] ends 3600.0 seconds old 0.0 seconds certificate CN=alice time 172800 3 times, every 2.0 seconds service * 200 ["X-User=alice"] first hello
            -> admitted
            == null takes away
            { origin: null, headers: { x-a: null }, claims: null }
            ----
            t:
            chat.test/chat
            -> admitted
            == the origin of that name, and a host and a path alone
            { origin: "null", headers: null, claims: null, host: b.test, path: /x?y=1 }
            ----
            t:
            b.test/x?y=1 of null
            -> admitted
            == claims
            claims: { subject: alice, issuer: local, audience: chat, scopes: [a, b], id: i, expired_for: 1m, age: 2h, starts_in: 5s, uses: 2, other: { roles: [x, 1], n: null } }
            ----
            t:
            chat.test/chat of o X-A 1 claims alice for ["chat"] may ["a", "b"] ends -60.0 seconds old 7200.0 seconds by local uses 2 id i starts 5.0 seconds {"n":null,"roles":["x",1]}
            -> admitted
            == a token as it stands
            token: a.b.c
            ----
            t:
            chat.test/chat of o X-A 1 token a.b.c
            -> admitted
            == services and a first message
            claims: null
            authorization: [unavailable, { url: "https://a.test/", status: 403 }]
            first_message: { json: { token: x } }
            ----
            t:
            chat.test/chat of o X-A 1 service * 0 [] service https://a.test/ 403 [] first {"token":"x"}
            -> admitted
            == a first message of bytes
            { first_message: { binary: "00" }, authorization: gone }
            ----
            1:18: `first_message` is a text or JSON: a token is never looked for in bytes
            1:51: `authorization` must be a mapping, with keys such as `url`, not `gone`
            == two credentials
            { token: a.b.c, claims: { subject: a, expires_in: 1s, expired_for: 1s } }
            ----
            1:3: `token` and `claims` are two ways to say one thing; remove one of them
            1:55: a token expires, or has expired: remove `expires_in` or `expired_for`
            == what is wrong
            url: ws://h/
            address: here
            time: noon
            path: x
            headers: { "a b": c, Host: x, X: "a\nb" }
            repeat: 0
            claims: { audience: [chat], other: [] }
            authorization: { headers: [] }
            origin:
            subprotocols: chat
            ----
            1:6: `url` is wss://HOST/PATH, such as wss://chat.example.com/chat, not `ws://h/`
            2:10: `address` is the client's IP address, such as 198.51.100.7 or 2001:db8::7, not `here`
            3:7: `time` is a moment such as 2026-01-31T12:00:00Z (RFC 3339), not `noon`
            4:7: `path` must begin with `/`, not be `x`; a query may follow it
            5:12: `a b` is no header name (RFC 9110 section 5.1)
            5:22: write `host` instead of the header `Host`
            5:34: `X` is at most 16 KiB without control characters, such as line breaks
            6:9: `repeat` must be from 1 to 100000, not `0`
            7:9: `claims` needs `subject`, such as `subject: alice`
            8:16: `authorization` needs `status`, such as `status: 200`
            8:27: `headers` must be a mapping from header names to values, not a list
            9:8: `origin` has no value
            10:15: `subprotocols` must be a list, not `chat`
            == claims that are none
            claims: { subject: a, other: [], scopes: x, audience: 1 }
            ----
            1:30: `other` must be a mapping from claims to values, not a list
            1:42: `scopes` must be a list, not `x`
            1:55: `audience` must be a text, and YAML reads `1` as something else; put it in quotes
            """#))
    func handshake(_ test: TestFileCase) {
        test.check()
    }
}
