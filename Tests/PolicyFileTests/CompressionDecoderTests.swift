import PolicyModel
import Testing

@testable import PolicyFile

struct CompressionDecoderTests {
    @Test(
        "compression of a route",
        arguments: PolicyCase.table(
            .compression,
            #"""
            == nothing said
            public: true
            ----
            strip
            == strip
            public: true
            compression: strip
            messages: [{ name: none, from: both, do: drop }]
            ----
            strip
            == strip as a mapping
            public: true
            compression: { mode: strip }
            ----
            strip
            == passthrough
            public: true
            compression: passthrough
            ----
            passthrough
            == passthrough as a mapping, beside nothing that reads
            compression: { mode: passthrough }
            messages: []
            middleware: [{ token: { issuers: [local], from: [{ query: t }] } }]
            ----
            passthrough
            == passthrough beside rates that lose no message
            public: true
            compression: passthrough
            message_rate:
              - { rate: 10/1s, on_exceed: delay }
              - { rate: 100/1s }
              - { rate: 5/1s, on_exceed: drop, mode: shadow }
            ----
            passthrough
            == inspect
            public: true
            compression: inspect
            ----
            inspect dropping 15 level 3 from 256
            == inspect with its defaults
            public: true
            compression: { mode: inspect }
            ----
            inspect dropping 15 level 3 from 256
            == inspect with all keys
            public: true
            compression: { mode: inspect, context_takeover: true, window_bits: 9, level: 9, minimum_bytes: 1KiB }
            messages: [{ name: none, from: both, do: drop }]
            ----
            inspect keeping 9 level 9 from 1024
            == a window that is kept is small where nothing is said of it
            public: true
            compression: { mode: inspect, context_takeover: true }
            ----
            inspect keeping 12 level 3 from 256
            == inspect where messages bring tokens
            compression: inspect
            middleware:
              - token: { issuers: [local], from: [{ header: Authorization }, { first_message: {} }], renew: {} }
            ----
            inspect dropping 15 level 3 from 256
            == another kind
            public: true
            compression: gzip
            ----
            2:14: error: `compression` must be `strip`, `passthrough` or `inspect`, not `gzip`
            == a misspelt kind
            public: true
            compression: inspct
            ----
            2:14: error: `compression` must be `strip`, `passthrough` or `inspect`, not `inspct`; did you mean `inspect`?
            == a list
            public: true
            compression: [inspect]
            ----
            2:14: error: `compression` must be `strip`, `passthrough` or `inspect`, not a list
            == a mapping without its mode
            public: true
            compression: { level: 3 }
            ----
            2:14: error: `compression` needs `mode`, such as `mode: inspect`
            == values that are out of bounds
            public: true
            compression: { mode: inspect, context_takeover: maybe, window_bits: 8, level: 0, minimum_bytes: 0B }
            ----
            2:49: error: `context_takeover` must be `true` or `false`, not `maybe`
            2:69: error: `window_bits` must be from 9 to 15, not `8`
            2:79: error: `level` must be from 1 to 9, not `0`
            2:97: error: `minimum_bytes` must be from 1B to 1GiB, not `0B`
            == unknown keys
            public: true
            compression: { mode: inspect, windowbits: 12 }
            ----
            2:31: error: unknown key `windowbits` in `compression`; did you mean `window_bits`?
            == keys beside another mode
            public: true
            compression: { mode: passthrough, level: 3, window_bits: 12 }
            ----
            2:35: error: `level` is for `mode: inspect`; with `passthrough` the gateway compresses nothing itself
            2:45: error: `window_bits` is for `mode: inspect`; with `passthrough` the gateway compresses nothing itself
            == passthrough where rules read messages
            public: true
            compression: passthrough
            messages: [{ name: none, from: both, do: drop, mode: shadow }]
            ----
            2:14: error: `compression: passthrough` leaves messages unread, and `messages` in line 7 would read them; use `inspect`, or `strip`
            == passthrough where a rate takes messages out
            public: true
            compression: passthrough
            message_rate: { rate: 10/1s, on_exceed: drop }
            byte_rate: [{ rate: 1MiB/1s }, { rate: 1KiB/1s, on_exceed: drop }]
            ----
            2:14: error: with `compression: passthrough` the peers could not read what follows a message that the `byte_rate` in line 8 drops; have that `close` or `delay`, or use `inspect`, or `strip`
            2:14: error: with `compression: passthrough` the peers could not read what follows a message that the `message_rate` in line 7 drops; have that `close` or `delay`, or use `inspect`, or `strip`
            == passthrough where messages bring fresh tokens
            middleware: [{ token: { issuers: [local], renew: {} } }]
            compression: { mode: passthrough }
            ----
            2:14: error: `compression: passthrough` leaves messages unread, and `renew` of the `token` in line 5 would read them; use `inspect`, or `strip`
            == passthrough where the first message brings the token
            middleware: [{ token: { issuers: [local], from: [{ first_message: {} }] } }]
            compression: passthrough
            ----
            2:14: error: with `first_message` in the `token` in line 5 the 101 goes out before the upstream is asked, so that nothing can be agreed on with it; use `inspect`, or `strip`
            """#))
    func table(policy: PolicyCase) { policy.check() }
}
