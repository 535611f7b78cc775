import Testing

@testable import PolicyFile

struct MessageConditionDecoderTests {
    @Test(
        "conditions",
        arguments: PolicyCase.table(
            .messages,
            #"""
            == conditions
            - { name: a, from: client, when: { opcode: text, size: { over: 0B, under: 2KiB }, text: { contains: "x y" } }, do: drop }
            - { name: b, from: client, when: { scope: chat.read, lacks_scope: chat.admin }, do: drop }
            - { name: c, from: client, when: { json: { pointer: /a~1b/0, equals: admin } }, do: drop }
            - { name: d, from: client, when: { json: { pointer: "", equals: -17 } }, do: drop }
            - { name: e, from: client, when: { json: { pointer: /x, equals: 1.5e3 } }, do: drop }
            - { name: f, from: client, when: { json: { pointer: /x, equals: true } }, do: drop }
            - { name: g, from: client, when: { json: { pointer: /x, equals: null } }, do: drop }
            - { name: h, from: client, when: { json: { pointer: /x, equals: "5" } }, do: drop }
            - { name: i, from: client, when: { json: { pointer: /x, equals: "" } }, do: drop }
            ----
            a from client, opcode text, over 0, under 2048, contains 'x y', do drop
            b from client, scope chat.read, lacks chat.admin, do drop
            c from client, /a~1b/0 equals string("admin"), do drop
            d from client,  equals integer(-17), do drop
            e from client, /x equals double(1500.0), do drop
            f from client, /x equals boolean(true), do drop
            g from client, /x equals null, do drop
            h from client, /x equals string("5"), do drop
            i from client, /x equals string(""), do drop
            == conditions of a later version
            - { name: a, from: client, when: { text: { matches: '\d+' } }, do: drop }
            - { name: b, from: client, when: { json: { pointer: /x, matches: '\d+' } }, do: drop }
            - { name: c, from: client, when: { rate: 10/1s, schema: x.json }, do: drop }
            ----
            1:44: error: `matches` in `text` is not supported by this version
            2:57: error: `matches` in `json` is not supported by this version
            3:36: error: `rate` in `when` is not supported by this version
            3:49: error: `schema` in `when` is not supported by this version
            == conditions that never hold
            - { name: a, from: client, when: { size: { over: 4B, under: 5B } }, do: drop }
            - { name: b, from: client, when: { opcode: binary, text: { contains: a } }, do: drop }
            ----
            1:42: error: no size is both over 4B and under 5B
            2:52: error: `text` looks at text messages only, so beside `opcode: binary` it never holds
            == conditions that are wrong
            - { name: a, from: client, when: { opcode: ping }, do: drop }
            - { name: b, from: client, when: { size: {} }, do: drop }
            - { name: c, from: client, when: { size: 5KiB }, do: drop }
            - { name: d, from: client, when: { size: { over: 2GiB, under: 0B } }, do: drop }
            - { name: e, from: client, when: { text: { contains: "" } }, do: drop }
            - { name: f, from: client, when: { text: {} }, do: drop }
            - { name: g, from: client, when: { json: {} }, do: drop }
            - { name: h, from: client, when: { json: { pointer: type, equals: a } }, do: drop }
            - { name: i, from: client, when: { json: { pointer: /a~2, equals: a } }, do: drop }
            - { name: j, from: client, when: { scope: a b }, do: drop }
            - { name: k, from: client, when: { sise: { over: 1B } }, do: drop }
            ----
            1:44: error: `opcode` must be `text` or `binary`, not `ping`
            2:42: error: `size` needs `over` or `under`, such as `over: 16KiB`
            3:42: error: `size` must be a mapping, with keys such as `over`, not `5KiB`
            4:50: error: `over` must be from 0B to 1GiB, not `2GiB`
            4:63: error: `under` must be from 1B to 1GiB, not `0B`
            5:54: error: `contains` must not be empty
            6:42: error: `text` needs `contains`
            7:42: error: `json` needs `equals`
            7:42: error: `json` needs `pointer`, such as `pointer: /type`
            8:53: error: `type` is no JSON pointer (RFC 6901): it begins with `/`, and `~` stands only in `~0` and `~1`
            9:53: error: `/a~2` is no JSON pointer (RFC 6901): it begins with `/`, and `~` stands only in `~0` and `~1`
            10:43: error: a scope is one word without spaces, quotes and backslashes, not `a b`
            11:36: error: unknown key `sise` in `when`; did you mean `size`?
            == values that JSON and YAML write differently
            - { name: a, from: client, when: { json: { pointer: /x, equals: } }, do: drop }
            - { name: b, from: client, when: { json: { pointer: /x, equals: yes } }, do: drop }
            - { name: c, from: client, when: { json: { pointer: /x, equals: 0x10 } }, do: drop }
            - { name: d, from: client, when: { json: { pointer: /x, equals: 007 } }, do: drop }
            - { name: e, from: client, when: { json: { pointer: /x, equals: 99999999999999999999 } }, do: drop }
            - { name: f, from: client, when: { json: { pointer: /x, equals: 1e999 } }, do: drop }
            - { name: g, from: client, when: { json: { pointer: /x, equals: .nan } }, do: drop }
            - { name: h, from: client, when: { json: { pointer: /x, equals: [1] } }, do: drop }
            ----
            1:65: error: `equals` has no value; write null if that is meant, or "" for an empty text
            2:65: error: `yes` is a text in some versions of YAML and a boolean in others; put it in quotes, or write true or false
            3:65: error: `0x10` is no JSON number of 64 bits; if a text is meant, put it in quotes
            4:65: error: `007` is no JSON number of 64 bits; if a text is meant, put it in quotes
            5:65: error: `99999999999999999999` is no JSON number of 64 bits; if a text is meant, put it in quotes
            6:65: error: `1e999` is no JSON number of 64 bits; if a text is meant, put it in quotes
            7:65: error: `.nan` is no JSON number of 64 bits; if a text is meant, put it in quotes
            8:65: error: `equals` must be a text, a number, true, false or null, not a list
            """#)
            + PolicyCase.table(
                .route,
                #"""
                == scopes without a token
                match: { path: / }
                upstream: echo
                public: true
                messages:
                  - { name: a, from: client, when: { lacks_scope: a }, do: drop }
                  - { name: b, from: client, when: { scope: a }, do: drop }
                ----
                6:45: error: no connection of this route has a scope, since it has no enforced `token`; this never holds
                """#))
    func conditions(_ policy: PolicyCase) { policy.check() }
}
