import PolicyModel
import Testing

@testable import PolicyFile

struct GatewayLimitsDecoderTests {
    @Test(
        "limits of the process",
        arguments: PolicyCase.table(
            .gatewayLimits,
            #"""
            == both
            connections: 20000
            memory: 1GiB
            ----
            20000 1073741824
            == one of them
            memory: 64MiB
            ----
            - 67108864
            == out of range, of another kind, misspelt
            connections: 0
            memory: 63MiB
            conections: 5
            ----
            1:14: error: `connections` must be from 1 to 10000000, not `0`
            2:9: error: `memory` must be from 64MiB to 1048576GiB, not `63MiB`
            3:1: error: unknown key `conections` in the gateway's `limits`; did you mean `connections`?
            """#))
    func limits(_ policy: PolicyCase) {
        policy.check()
    }

    @Test("one file of a policy has them")
    func twice() {
        let sources = ["a", "b"].map { PolicySource(name: $0, bytes: Array("limits: { memory: 1GiB }".utf8)) }
        let messages = PolicyLoader.decode(sources).diagnostics.map(\.description)
        #expect(
            messages.contains(
                "b:1:9: error: the gateway's `limits` stand in two files, first at a:1:9; keep them in one of them"))
    }
}
