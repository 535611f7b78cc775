import PolicyModel
import Testing

@testable import PolicyFile

struct QuantityDecoderTests {
    @Test(
        "durations",
        arguments: [
            ("250ms", .milliseconds(250)), ("30s", .seconds(30)), ("5m", .seconds(300)), ("24h", .seconds(86_400)),
            ("7d", .seconds(604_800)), ("366d", .seconds(31_622_400)), ("1ms", .milliseconds(1)), ("0s", nil),
            ("367d", nil), ("30", nil), ("s", nil), ("-1s", nil), ("+1s", nil), ("1.5s", nil), ("1 s", nil),
            ("1m30s", nil),
            ("99999999999999999999s", nil), ("9223372036854775807d", nil), ("1S", nil), ("١s", nil), ("", nil),
        ] as [(String, Duration?)])
    func durations(_ text: String, _ expected: Duration?) {
        #expect((try? Quantity.duration(text).get()) == expected)
    }

    @Test(
        "sizes",
        arguments: [
            ("0B", 0), ("512B", 512), ("64KiB", 65_536), ("1MiB", 1_048_576), ("2GiB", 2_147_483_648), ("64", nil),
            ("64KB", nil), ("64k", nil), ("KiB", nil), ("1.5KiB", nil), ("-1B", nil), ("9999999999GiB", nil),
            ("99999999999999999999B", nil),
        ] as [(String, Int?)])
    func sizes(_ text: String, _ expected: Int?) {
        #expect((try? Quantity.size(text).get()) == expected)
    }

    @Test(
        "rates",
        arguments: [
            ("10/1s", Rate(count: 10, period: .seconds(1))), ("100/1m", Rate(count: 100, period: .seconds(60))),
            ("1/250ms", Rate(count: 1, period: .milliseconds(250))), ("10/s", nil), ("10", nil), ("0/1s", nil),
            ("1000001/1s", nil), ("10/0s", nil), ("-1/1s", nil), ("/1s", nil), ("10/1s/2", nil), ("10 / 1s", nil),
            ("99999999999999999999/1s", nil),
        ] as [(String, Rate?)])
    func rates(_ text: String, _ expected: Rate?) {
        #expect((try? Quantity.rate(text).get()) == expected)
    }

    @Test("sizes as people read them", arguments: [(0, "0B"), (1000, "1000B"), (1024, "1KiB"), (1 << 30, "1GiB")])
    func descriptions(_ bytes: Int, _ expected: String) {
        #expect(Quantity.description(bytes: bytes) == expected)
    }

    @Test(
        "what is said",
        arguments: PolicyCase.table(
            .route,
            #"""
            == durations that are wrong
            match: { path: / }
            upstream: echo
            public: true
            timeouts: { idle: 30, ping_interval: 1.5s, pong_timeout: 0s, close: }
            ----
            4:19: error: `idle` needs a unit: `30` could be 30s, 30m or 30h
            4:38: error: `ping_interval` must be a duration, one whole number and one of the units ms, s, m, h, d, such as 250ms or 30s, not `1.5s`
            4:58: error: `pong_timeout` must be above 0 and at most 366d, not `0s`
            4:69: error: `close` must be a duration such as 250ms, 30s or 24h, not an empty value
            == sizes that are wrong
            match: { path: / }
            upstream: echo
            public: true
            limits: { message_bytes: 64, buffered_bytes: 64KB }
            ----
            4:26: error: `message_bytes` needs a unit: `64` could be 64B, 64KiB or 64MiB
            4:46: error: `buffered_bytes` must be a size, one whole number and one of the units B, KiB, MiB, GiB, not `64KB`; did you mean 64KiB?
            == sizes that are wrong in other ways
            match: { path: / }
            upstream: echo
            public: true
            limits: { message_bytes: large, buffered_bytes: [64KiB] }
            ----
            4:26: error: `message_bytes` must be a size, one whole number and one of the units B, KiB, MiB, GiB, not `large`
            4:49: error: `buffered_bytes` must be a size such as 512B, 64KiB or 1MiB, not a list
            == rates that are wrong
            match: { path: / }
            upstream: echo
            public: true
            middleware:
              - connection_rate: { rate: 10/s }
              - connection_rate: { rate: 10r/s }
              - connection_rate: { rate: 10 }
              - connection_rate: { rate: 0/1s }
              - connection_rate: { rate: 10/0s }
            ----
            5:30: error: `rate` must be a rate, COUNT/PERIOD such as 10/1s or 100/1m, not `10/s`; did you mean 10/1s?
            6:30: error: `rate` must be a rate, COUNT/PERIOD such as 10/1s or 100/1m, not `10r/s`
            7:30: error: `rate` must be a rate such as 10/1s or 100/1m, not `10`
            8:30: error: `rate` must have a count from 1 to 1000000, not `0/1s`
            9:30: error: `rate` must be a rate, COUNT/PERIOD such as 10/1s or 100/1m, not `10/0s`
            """#))
    func messages(_ policy: PolicyCase) { policy.check() }

    @Test(
        "durations in the largest unit that is exact",
        arguments: [
            (Duration.milliseconds(250), "250ms"), (.seconds(90), "90s"), (.seconds(120), "2m"),
            (.seconds(86400), "1d"),
            (.zero, "0ms"), (.nanoseconds(1), "0ms"), (.seconds(Int64.max), "9223372036854775807ms"),
        ])
    func shown(_ duration: Duration, _ text: String) {
        #expect(Quantity.description(duration) == text)
    }
}
