import PolicyModel
import Testing

@testable import PolicyFile

struct MiddlewareDecoderTests {
    @Test(
        "entries",
        arguments: PolicyCase.table(
            .middleware,
            #"""
            == entries in order
            - connection_limit: { maximum: 3, mode: shadow }
            - ip_filter: { deny: [10.0.0.0/8], mode: enforce }
            ----
            connection_limit 3 /64 in shadow
            ip_filter allow absent, deny some
            == entry without settings
            - ip_filter
            ----
            1:3: error: `ip_filter` needs settings: write `ip_filter: { … }`
            == entry that is a list
            - [ip_filter]
            ----
            1:3: error: a `middleware` entry must be a mapping with one of `ip_filter`, `connection_rate`, `connection_limit`, `origin`, `token`, `authorize`, `headers` or `identity_assertion`, not a list
            == entry with empty settings
            - ip_filter:
            ----
            1:13: error: `ip_filter` must be a mapping, with keys such as `allow`, not an empty value
            == entry without a key
            - {}
            ----
            1:3: error: a `middleware` entry needs one of `ip_filter`, `connection_rate`, `connection_limit`, `origin`, `token`, `authorize`, `headers` or `identity_assertion`
            == entry with two keys
            - ip_filter: { deny: [] }
              connection_limit: { maximum: 1 }
            ----
            2:3: error: a `middleware` entry has one key, and `connection_limit` is a second one beside `ip_filter`; move it to one of its own
            == mode beside the settings
            - ip_filter: { deny: [] }
              mode: shadow
            ----
            2:3: error: `mode` stands inside of the settings: `ip_filter: { …, mode: shadow }`
            == mode of another kind
            - ip_filter: { deny: [], mode: enforced }
            - ip_filter: { deny: [], mode: off }
            ----
            1:32: error: `mode` must be `enforce` or `shadow`, not `enforced`; did you mean `enforce`?
            2:32: error: `mode` must be `enforce` or `shadow`, not `off`
            == entries in other gateways' words
            - ipAllowList: { sourceRange: [10.0.0.0/8] }
            - rateLimit: { average: 10 }
            - forwardAuth: {}
            - inFlightReq: { amount: 1 }
            - cors: {}
            - brotli: {}
            ----
            1:3: error: unknown key `ipAllowList` in a `middleware` entry; did you mean `ip_filter`?
            2:3: error: unknown key `rateLimit` in a `middleware` entry; did you mean `connection_rate`?
            3:3: error: unknown key `forwardAuth` in a `middleware` entry; did you mean `authorize`?
            4:3: error: unknown key `inFlightReq` in a `middleware` entry; did you mean `connection_limit`?
            5:3: error: unknown key `cors` in a `middleware` entry; did you mean `origin`?
            6:3: error: unknown key `brotli` in a `middleware` entry; its keys are `ip_filter`, `connection_rate`, `connection_limit`, `origin`, `token`, `authorize`, `headers`, `identity_assertion`
            """#)
            + PolicyCase.table(
                .door,
                #"""
                == middleware that is no list
                token: { issuers: [local] }
                ----
                0:12: error: `middleware` must be a list, not an empty value
                1:1: error: unknown key `token` in a route; its keys are `name`, `match`, `upstream`, `public`, `middleware`, `limits`, `timeouts`, `message_rate`, `byte_rate`, `compression`, `messages`, `on_policy_change`
                == middleware that cannot be read hides nothing else
                - tokn: { issuers: [local] }
                - headers: { request: { set: { X-A: "${token.id}" } } }
                ----
                1:3: error: unknown key `tokn` in a `middleware` entry; did you mean `token`?
                """#)
            + PolicyCase.table(
                .admission,
                #"""
                == admission
                - ip_filter: { allow: [10.0.0.0/8] }
                - connection_rate: { rate: 5/1s }
                - connection_limit: { maximum: 3 }
                ----
                ip_filter allow given, deny none
                connection_rate 5/1.0 seconds burst 5 /64
                connection_limit 3 /64
                == admission of what needs a request
                - origin: { allow: ["https://a.example"] }
                - token: { issuers: [local] }
                - authorize: { url: "http://127.0.0.1/" }
                - headers: {}
                - ipfilter: {}
                ----
                1:3: error: `origin` cannot run before TLS, where only the peer's address is known; move it to a route's `middleware`
                2:3: error: `token` cannot run before TLS, where only the peer's address is known; move it to a route's `middleware`
                3:3: error: `authorize` cannot run before TLS, where only the peer's address is known; move it to a route's `middleware`
                4:3: error: `headers` cannot run before TLS, where only the peer's address is known; move it to a route's `middleware`
                5:3: error: unknown key `ipfilter` in an `admission` entry; did you mean `ip_filter`?
                """#))
    func entries(_ policy: PolicyCase) { policy.check() }

    @Test("every middleware has a decoder of its name")
    func names() {
        #expect(
            MiddlewareDecoder.all.map(\.name) == [
                "ip_filter", "connection_rate", "connection_limit", "origin", "token", "authorize", "headers",
                "identity_assertion",
            ])
    }
}
