import Testing

struct UnreachableRulesTests {
    /// A route's `messages`, of which nothing is shown.
    private static let frame = PolicyCase.Frame(before: PolicyCase.Frame.messages.before, indentation: 2) { _ in [] }
        .withWarnings

    @Test(
        "message rules that are never asked",
        arguments: PolicyCase.table(
            frame,
            #"""
            == behind one for every message
            - { name: all, from: client, do: allow }
            - { name: b, from: client, when: { opcode: text }, do: drop }
            - { name: c, from: upstream, do: close }
            - { name: d, from: both, when: { text: { contains: x } }, do: drop }
            ----
            2:3: warning: message rule `b` is never asked: `all` in line 7 ends the way of every message that it is about
            4:3: warning: message rule `d` is never asked: `all` in line 7 ends the way of every message that it is about
            == by kind and by sender
            - { name: a, from: both, when: { opcode: text }, do: { reply: { text: no } } }
            - { name: b, from: client, when: { text: { contains: x } }, do: log }
            - { name: c, from: client, when: { json: { pointer: /x, exists: true } }, do: log }
            - { name: d, from: both, when: { opcode: binary, direction: client }, do: drop }
            - { name: e, from: client, do: log }
            - { name: f, from: both, do: log }
            ----
            2:3: warning: message rule `b` is never asked: `a` in line 7 ends the way of every message that it is about
            5:3: warning: message rule `e` is never asked: `a` in line 7 ends the way of every message that it is about
            == what does not end every message's way
            - { name: a, from: both, do: log }
            - { name: b, from: both, do: drop, mode: shadow }
            - { name: c, from: both, when: { size: { over: 1B } }, do: drop }
            - { name: d, from: both, do: { limit: { rate: 1/1s, on_exceed: drop } } }
            - { name: e, from: both, do: drop }
            ----
            == a rule with a mistake ends nothing
            - { name: a, from: client, when: { opcode: txt }, do: drop }
            - { name: b, from: client, do: drop }
            ----
            1:44: error: `opcode` must be `text` or `binary`, not `txt`; did you mean `text`?
            """#))
    func unreachable(_ policy: PolicyCase) { policy.check() }
}
