import Testing

@testable import PolicyFile

struct ConnectionLimitDecoderTests {
    @Test(
        "connection_limit",
        arguments: PolicyCase.table(
            .middleware,
            #"""
            == connection_limit
            - connection_limit: { maximum: 20 }
            - connection_limit: { maximum: 1000000, ipv6_prefix: 1 }
            ----
            connection_limit 20 /64
            connection_limit 1000000 /1
            == connection_limit without a maximum
            - connection_limit: { amount: 7 }
            ----
            1:23: error: unknown key `amount` in `connection_limit`; did you mean `maximum`?
            == connection_limit out of bounds
            - connection_limit: { maximum: 0, ipv6_prefix: 0 }
            - connection_limit: { maximum: 99999999999999999999 }
            - connection_limit: { maximum: "20" }
            - connection_limit: { maximum: 0x10 }
            ----
            1:32: error: `maximum` must be from 1 to 1000000, not `0`
            1:48: error: `ipv6_prefix` must be from 1 to 128, not `0`
            2:32: error: `maximum` must be from 1 to 1000000, not `99999999999999999999`
            3:32: error: `maximum` must be a whole number from 1 to 1000000, not `20`
            4:32: error: `maximum` must be from 1 to 1000000, not `0x10`
            """#))
    func connectionLimit(_ policy: PolicyCase) { policy.check() }
}
