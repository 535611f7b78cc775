import Testing

@testable import PolicyFile

struct ConnectionRateDecoderTests {
    @Test(
        "connection_rate",
        arguments: PolicyCase.table(
            .middleware,
            #"""
            == connection_rate with all keys
            - connection_rate: { rate: 10/1m, burst: 5, ipv6_prefix: 48 }
            ----
            connection_rate 10/60.0 seconds burst 5 /48
            == connection_rate with defaults
            - connection_rate: { rate: 10/1s }
            ----
            connection_rate 10/1.0 seconds burst 10 /64
            == connection_rate without a rate
            - connection_rate: { burst: 0, ipv6_prefix: 129 }
            ----
            1:20: error: `connection_rate` needs `rate`, such as `rate: 10/1m`
            1:29: error: `burst` must be from 1 to 1000000, not `0`
            1:45: error: `ipv6_prefix` must be from 1 to 128, not `129`
            == connection_rate in other gateways' words
            - connection_rate: { average: 10, period: 1s }
            ----
            1:22: error: unknown key `average` in `connection_rate`; did you mean `rate`?
            1:35: error: unknown key `period` in `connection_rate`; did you mean `rate`?
            """#))
    func connectionRate(_ policy: PolicyCase) { policy.check() }
}
