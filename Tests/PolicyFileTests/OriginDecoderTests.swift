import Testing

@testable import PolicyFile

struct OriginDecoderTests {
    @Test(
        "origin",
        arguments: PolicyCase.table(
            .middleware,
            #"""
            == origins
            - origin: { allow: ["https://App.example.com", "http://localhost", "wss://a.example", "ws://a.example", "https://*.example.com:8443", "app://x:1", "https://[::1]:3000", "http://127.0.0.1:80"] }
            ----
            origin [https://app.example.com:443, http://localhost:80, wss://a.example:443, ws://a.example:80, https://*.example.com:8443, app://x:1, https://[::1]:3000, http://127.0.0.1:80] missing denied
            == origin for programs only
            - origin: { allow: [], missing: allow }
            ----
            origin [] missing admitted
            == origin for nobody
            - origin: { allow: [] }
            ----
            1:20: error: `allow` is empty, so nothing would pass; name the origins of your pages, or say `missing: allow`
            == origin without a list
            - origin: { missing: refuse }
            ----
            1:11: error: `origin` needs `allow`, such as `allow: ["https://app.example.com"]`
            1:22: error: `missing` must be `allow` or `deny`, not `refuse`
            == origins that are wrong
            - origin:
                allow:
                  - "*"
                  - "null"
                  - null
                  - app.example.com
                  - https://app.example.com/
                  - https://app.example.com/chat?x
                  - https://app.example.com:0
                  - https://app.example.com:70000
                  - https://
                  - chrome-extension://abcdef
                  - https://*.10.0.0.1
                  - https://app.*.com
                  - https://user@app.example.com
                  - https://bücher.example
                  - 5
            ----
            3:9: error: `*` would let every page in, which this check is there to prevent; name the origins of your pages
            4:9: error: the origin `null` is what any sandboxed page sends, so it cannot be allowed
            5:9: error: the origin `null` is what any sandboxed page sends, so it cannot be allowed
            6:9: error: an origin is SCHEME://HOST or SCHEME://HOST:PORT, not `app.example.com`; write `https://app.example.com`
            7:9: error: an origin ends with its host or port, so write `https://app.example.com`
            8:9: error: an origin ends with its host or port, so write `https://app.example.com`
            9:9: error: `https://app.example.com:0` needs a port from 1 to 65535
            10:9: error: `https://app.example.com:70000` needs a port from 1 to 65535 behind its last colon; IPv6 goes in brackets
            11:9: error: the host is missing
            12:9: error: `chrome-extension` has no usual port, so `chrome-extension://abcdef` needs one: `chrome-extension://abcdef:443`
            13:9: error: `https://*.10.0.0.1` is an address, and nothing is below an address
            14:9: error: `app.*.com` has a star in a place where it has no meaning; only `*.` in front of a whole name has
            15:9: error: `user@app.example.com` is no host name and no IP address
            16:9: error: `bücher.example` must be in ASCII; write an international name as xn--…
            17:9: error: an origin is SCHEME://HOST or SCHEME://HOST:PORT, not `5`; write `https://5`
            == origin in other gateways' words
            - origin: { allowed_origins: [] }
            ----
            1:13: error: unknown key `allowed_origins` in `origin`; did you mean `allow`?
            """#))
    func origin(_ policy: PolicyCase) { policy.check() }
}
