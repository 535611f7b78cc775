import Testing

@testable import PolicyFile

struct MessageRuleDecoderTests {
    @Test(
        "message rules",
        arguments: PolicyCase.table(
            .messages,
            #"""
            == rules in order
            - { name: a, from: client, when: { opcode: binary }, do: drop }
            - { name: b, from: upstream, do: close, mode: shadow }
            - { name: c, from: both, when: {}, do: drop }
            ----
            a from client when binary do drop
            b from upstream do close(code: 1008, reason: "message-denied") in shadow
            c from both do drop
            == rule without anything
            - {}
            ----
            1:3: error: a message rule needs `do`, such as `do: drop`
            1:3: error: a message rule needs `from`, such as `from: client`
            1:3: error: a message rule needs `name`
            == rules that are wrong
            - { name: a b, from: clients, when: [], do: drop, mode: dry }
            - name: x
              direction: client
              if: {}
              then: drop
            - drop
            ----
            1:11: error: `a b` cannot be the name of a message rule: names have 1 to 64 letters, digits, `.`, `_` or `-`
            1:22: error: `from` must be `client`, `upstream` or `both`, not `clients`; did you mean `client`?
            1:37: error: `when` must be a mapping, with keys such as `opcode`, not a list
            1:57: error: `mode` must be `enforce` or `shadow`, not `dry`
            3:3: error: unknown key `direction` in a message rule; did you mean `from`?
            4:3: error: unknown key `if` in a message rule; did you mean `when`?
            5:3: error: unknown key `then` in a message rule; did you mean `do`?
            6:3: error: a message rule must be a mapping, with keys such as `name`, not `drop`
            == rules of one name
            - { name: a, from: client, do: drop }
            - { name: a, from: client, do: drop }
            ----
            2:11: error: message rule `a` is defined twice in this route, first in line 7
            """#))
    func rules(_ policy: PolicyCase) { policy.check() }
}
