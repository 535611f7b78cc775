import Testing

@testable import PolicyFile

struct RouteDecoderTests {
    @Test(
        "routes",
        arguments: PolicyCase.table(
            .route,
            #"""
            == route with all keys
            match: { hosts: [chat.example.com], path: /chat }
            upstream: echo
            public: false
            middleware: [{ token: { issuers: [local] } }]
            limits: { message_bytes: 1GiB, fragments: 1, buffered_bytes: 16KiB }
            timeouts: { idle: 1s, ping_interval: 2s, pong_timeout: 3s, lifetime: 366d, close: 500ms }
            compression: strip
            messages: [{ name: none, from: both, do: drop }]
            on_policy_change: keep
            ----
            r ["chat.example.com"] exact("/chat") -> echo
            middleware ["token"], messages ["none"], kept
            limits 1073741824 1 16384
            timeouts 1.0 seconds 2.0 seconds 3.0 seconds 31622400.0 seconds 0.5 seconds
            == route with defaults
            match: { path_prefix: / }
            upstream: echo
            public: true
            ----
            r [] prefix("/") -> echo
            middleware [], messages []
            limits 65536 256 65536
            timeouts 600.0 seconds 30.0 seconds 10.0 seconds 86400.0 seconds 5.0 seconds
            == route without anything
            upstream: echo
            ----
            0:1: error: a route needs `match`, such as `match: { path: /chat }`
            0:1: error: route `r` would be open to everyone: it has neither `token` nor `authorize`; add an enforced one to its `middleware`, or say `public: true`
            == route without a token
            match: { path: / }
            upstream: echo
            public: false
            middleware: [{ connection_limit: { maximum: 1 } }]
            ----
            0:1: error: route `r` would be open to everyone: it has neither `token` nor `authorize`; add an enforced one to its `middleware`, or say `public: true`
            == route with a token in shadow only
            match: { path: / }
            upstream: echo
            middleware: [{ token: { issuers: [local], mode: shadow } }]
            ----
            0:1: error: route `r` would be open to everyone: the `token` in line 5 is only a shadow; add an enforced one to its `middleware`, or say `public: true`
            == public route with a token in shadow
            match: { path: / }
            upstream: echo
            public: true
            middleware: [{ token: { issuers: [local], mode: shadow } }]
            ----
            r [] exact("/") -> echo
            middleware ["token"], messages []
            limits 65536 256 65536
            timeouts 600.0 seconds 30.0 seconds 10.0 seconds 86400.0 seconds 5.0 seconds
            == public route with a token
            match: { path: / }
            upstream: echo
            public: true
            middleware:
              - token: { issuers: [local] }
            ----
            3:1: error: route `r` says `public: true` but has an enforced `token` in line 7; remove one of the two
            == authorize is a door as well
            match: { path: / }
            upstream: echo
            middleware: [{ authorize: { url: "http://127.0.0.1:9100/check" } }]
            ----
            r [] exact("/") -> echo
            middleware ["authorize"], messages []
            limits 65536 256 65536
            timeouts 600.0 seconds 30.0 seconds 10.0 seconds 86400.0 seconds 5.0 seconds
            == route with an authorize in shadow only
            match: { path: / }
            upstream: echo
            middleware: [{ authorize: { url: "http://127.0.0.1:9100/check", mode: shadow } }]
            ----
            0:1: error: route `r` would be open to everyone: the `authorize` in line 5 is only a shadow; add an enforced one to its `middleware`, or say `public: true`
            == public route with an authorize
            match: { path: / }
            upstream: echo
            public: true
            middleware:
              - authorize: { url: "http://127.0.0.1:9100/check" }
            ----
            3:1: error: route `r` says `public: true` but has an enforced `authorize` in line 7; remove one of the two
            == authorize that cannot be read is no open door
            match: { path: / }
            upstream: echo
            middleware: [{ authorize: {} }]
            ----
            3:27: error: `authorize` needs `url`, such as `url: https://auth.example.com/check`
            == route with a word for public
            match: { path: / }
            upstream: echo
            public: yes
            ----
            3:9: error: `public` must be `true` or `false`, not `yes`; did you mean `true`?
            == route limits out of bounds
            match: { path: / }
            upstream: echo
            public: true
            limits: { message_bytes: 2GiB, fragments: 0, buffered_bytes: 8KiB }
            ----
            4:26: error: `message_bytes` must be from 1B to 1GiB, not `2GiB`
            4:43: error: `fragments` must be from 1 to 1000000, not `0`
            4:62: error: `buffered_bytes` must be from 16KiB to 64MiB, not `8KiB`
            == route timeouts that are wrong
            match: { path: / }
            upstream: echo
            public: true
            timeouts: { idle: 0s, ping_interval: 1.5s, pong_timeout: 10, lifetime: , close: [] }
            ----
            4:19: error: `idle` must be above 0 and at most 366d, not `0s`
            4:38: error: `ping_interval` must be a duration, one whole number and one of the units ms, s, m, h, d, such as 250ms or 30s, not `1.5s`
            4:58: error: `pong_timeout` needs a unit: `10` could be 10s, 10m or 10h
            4:72: error: `lifetime` must be a duration such as 250ms, 30s or 24h, not an empty value
            4:81: error: `close` must be a duration such as 250ms, 30s or 24h, not a list
            == unknown upstream
            match: { path: / }
            upstream: eco
            public: true
            ----
            2:11: error: there is no upstream `eco`; did you mean `echo`?
            == unknown upstream without a likeness
            match: { path: / }
            upstream: warehouse
            public: true
            ----
            2:11: error: there is no upstream `warehouse`; those defined are `echo`
            == route in other gateways' words
            matches: { path: / }
            service: echo
            middlewares: []
            limits: { clientMaxPayload: 1MiB }
            timeouts: { stream_timeout: 1h, stream_close_delay: 5s }
            close_codes: {}
            ----
            1:1: error: unknown key `matches` in a route; did you mean `match`?
            2:1: error: unknown key `service` in a route; did you mean `upstream`?
            3:1: error: unknown key `middlewares` in a route; did you mean `middleware`?
            4:11: error: unknown key `clientMaxPayload` in a route's `limits`; did you mean `message_bytes`?
            5:13: error: unknown key `stream_timeout` in `timeouts`; did you mean `lifetime`?
            5:33: error: unknown key `stream_close_delay` in `timeouts`; did you mean `close`?
            6:1: error: `close_codes` in a route is not supported by this version
            """#))
    func routes(_ policy: PolicyCase) { policy.check() }
}
