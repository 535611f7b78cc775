import PolicyModel
import Testing

@testable import PolicyFile

struct TrafficLimitDecoderTests {
    @Test(
        "message_rate and byte_rate",
        arguments: PolicyCase.table(
            .rates,
            #"""
            == rates with all keys
            message_rate: { rate: 100/1s, burst: 200, key: address, ipv6_prefix: 56, from: both, on_exceed: drop, mode: shadow }
            byte_rate: { rate: 64KiB/1m, burst: 1MiB, key: subject, from: upstream, on_exceed: delay, mode: enforce }
            ----
            message_rate of both 100/1.0 seconds burst 200 by address /56 then drop in shadow
            byte_rate of upstream 65536/60.0 seconds burst 1048576 by subject then delay
            == rates with defaults
            byte_rate: { rate: 1GiB/1s }
            message_rate: { rate: 5/1m }
            ----
            message_rate of client 5/60.0 seconds burst 5 by connection then close
            byte_rate of client 1073741824/1.0 seconds burst 1073741824 by connection then close
            == lists of rates
            message_rate: [{ rate: 1/1s }, { rate: 2/1s, key: address }]
            byte_rate:
              - { rate: 1B/1s }
              - { rate: 64GiB/1ms }
              - { rate: 3KiB/1s }
            ----
            message_rate of client 1/1.0 seconds burst 1 by connection then close
            message_rate[2] of client 2/1.0 seconds burst 2 by address /64 then close
            byte_rate of client 1/1.0 seconds burst 1 by connection then close
            byte_rate[2] of client 68719476736/0.001 seconds burst 68719476736 by connection then close
            byte_rate[3] of client 3072/1.0 seconds burst 3072 by connection then close
            == empty lists are no rates
            message_rate: []
            byte_rate: []
            ----

            == rates without what they need
            message_rate: {}
            byte_rate: [{}, 1MiB/1s]
            ----
            1:15: error: `message_rate` needs `rate`, such as `rate: 100/1s`
            2:13: error: `byte_rate` needs `rate`, such as `rate: 1MiB/1s`
            2:17: error: `byte_rate` must be a mapping, with keys such as `rate`, not `1MiB/1s`
            == rates that are neither mapping nor list
            message_rate: 100/1s
            byte_rate:
            ----
            1:15: error: `message_rate` must be a mapping, with keys such as `rate`, not `100/1s`
            2:11: error: `byte_rate` must be a mapping, with keys such as `rate`, not an empty value
            == values that are wrong
            message_rate: { rate: 1MiB/1s, burst: 0, key: user, from: server, on_exceed: reject, mode: off }
            byte_rate: { rate: 100/1s, burst: 100, key: connections, ipv6_prefix: 0, on_exceed: closes }
            ----
            1:23: error: `rate` must be a rate, COUNT/PERIOD such as 10/1s or 100/1m, not `1MiB/1s`
            1:39: error: `burst` must be from 1 to 1000000, not `0`
            1:47: error: `key` must be `connection`, `address` or `subject`, not `user`; did you mean `subject`?
            1:59: error: `from` must be `client`, `upstream` or `both`, not `server`; did you mean `upstream`?
            1:78: error: `on_exceed` must be `close`, `drop` or `delay`, not `reject`; did you mean `close`?
            1:92: error: `mode` must be `enforce` or `shadow`, not `off`
            2:20: error: `rate` must be a rate, SIZE/PERIOD such as 64KiB/1s or 10MiB/1m, not `100/1s`; did you mean 100B/1s?
            2:35: error: `burst` needs a unit: `100` could be 100B, 100KiB or 100MiB
            2:45: error: `key` must be `connection`, `address` or `subject`, not `connections`; did you mean `connection`?
            2:71: error: `ipv6_prefix` must be from 1 to 128, not `0`
            2:85: error: `on_exceed` must be `close`, `drop` or `delay`, not `closes`; did you mean `close`?
            == a prefix without addresses
            message_rate: { rate: 1/1s, ipv6_prefix: 64 }
            byte_rate: { rate: 1B/1s, key: subject, ipv6_prefix: 64 }
            ----
            1:29: error: `ipv6_prefix` is for `key: address`; this counts by connection
            2:41: error: `ipv6_prefix` is for `key: address`; this counts by subject
            == rates in other gateways' words
            rate_limit: { rate: 1/1s }
            bandwidth: { rate: 1MiB/1s }
            message_rate: { average: 10/1s, action: drop, direction: client }
            ----
            1:1: error: unknown key `rate_limit` in a route; did you mean `message_rate`?
            2:1: error: unknown key `bandwidth` in a route; did you mean `byte_rate`?
            3:17: error: unknown key `average` in `message_rate`; did you mean `rate`?
            3:33: error: unknown key `action` in `message_rate`; did you mean `on_exceed`?
            3:47: error: unknown key `direction` in `message_rate`; did you mean `from`?
            """#))
    func rates(_ policy: PolicyCase) { policy.check() }

    @Test(
        "who has a subject",
        arguments: PolicyCase.table(
            .publicRates,
            #"""
            == no subject on a public route
            public: true
            message_rate: { rate: 1/1s, key: subject }
            byte_rate: [{ rate: 1KiB/1s, key: subject }, { rate: 1KiB/1s, key: address }]
            ----
            2:34: error: no connection of this route has a subject: `key: subject` needs an enforced `token`, or `authorize` with a `subject_header`
            3:35: error: no connection of this route has a subject: `key: subject` needs an enforced `token`, or `authorize` with a `subject_header`
            == a token in shadow has none
            public: true
            middleware: [{ token: { issuers: [local], mode: shadow } }]
            message_rate: { rate: 1/1s, key: subject }
            ----
            3:34: error: no connection of this route has a subject: `key: subject` needs an enforced `token`, or `authorize` with a `subject_header`
            == a service that names nobody
            middleware: [{ authorize: { url: "http://127.0.0.1:9100/check" } }]
            message_rate: { rate: 1/1s, key: subject }
            ----
            2:34: error: no connection of this route has a subject: `key: subject` needs an enforced `token`, or `authorize` with a `subject_header`
            == a service that names somebody
            middleware: [{ authorize: { url: "http://127.0.0.1:9100/check", subject_header: X-User } }]
            message_rate: { rate: 1/1s, key: subject }
            ----
            message_rate of client 1/1.0 seconds burst 1 by subject then close
            == nothing follows from an entry that cannot be read
            middleware: [{ tokens: {} }]
            message_rate: { rate: 1/1s, key: subject }
            ----
            1:16: error: unknown key `tokens` in a `middleware` entry; did you mean `token`?
            == nor from a token that is wrong
            middleware: [{ token: { issuers: local } }]
            message_rate: { rate: 1/1s, key: subject }
            ----
            1:34: error: `issuers` must be a list, not `local`
            """#))
    func subjects(_ policy: PolicyCase) { policy.check() }

    @Test(
        "rates of bytes",
        arguments: [
            ("1B/1s", 1), ("64KiB/1m", 65536), ("64GiB/1ms", 64 << 30), ("65GiB/1s", nil), ("0B/1s", nil),
            ("1/1s", nil),
            ("1MiB", nil), ("1MiB/s", nil), ("1MB/1s", nil), ("1MiB/1", nil), ("/1s", nil), ("1MiB/", nil),
            ("1MiB/1s/2", nil),
            ("-1B/1s", nil), ("99999999999999999999B/1s", nil), ("9999999999GiB/1s", nil), ("1B/367d", nil), ("", nil),
        ] as [(String, Int?)])
    func byteRates(_ text: String, _ count: Int?) {
        #expect((try? Quantity.byteRate(text).get())?.count == count)
    }
}
