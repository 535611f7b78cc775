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
            a from client when all(text, size 0..2048, bytes 'x y') do drop
            b from client when all(scope("chat.read"), not(scope("chat.admin"))) do drop
            c from client when json '/a~1b/0' equals(PolicyModel.JSONScalar.string("admin")) do drop
            d from client when json '' equals(PolicyModel.JSONScalar.integer(-17)) do drop
            e from client when json '/x' equals(PolicyModel.JSONScalar.double(1500.0)) do drop
            f from client when json '/x' equals(PolicyModel.JSONScalar.boolean(true)) do drop
            g from client when json '/x' equals(PolicyModel.JSONScalar.null) do drop
            h from client when json '/x' equals(PolicyModel.JSONScalar.string("5")) do drop
            i from client when json '/x' equals(PolicyModel.JSONScalar.string("")) do drop
            == conditions one in another
            - { name: a, from: both, when: { all: [{ opcode: text }, { any: [{ text: { matches: '^a' } }, { not: { direction: client } }] }] }, do: drop }
            - { name: b, from: both, when: { not: { not_json: true }, not_utf8: true, binary: { prefix: "89504E47" } }, do: drop }
            - { name: c, from: both, when: { text: { contains: a, matches: b } }, do: drop }
            ----
            a from both when all(text, any(pattern '^a', not(from client))) do drop
            b from both when all(prefix [137, 80, 78, 71], not_utf8, not(not_json)) do drop
            c from both when all(bytes 'a', pattern 'b') do drop
            == conditions on connections
            - { name: a, from: client, when: { subject: alice }, do: drop }
            - { name: b, from: client, when: { subject: [alice, bob] }, do: drop }
            - { name: c, from: client, when: { subject: { matches: '^bot-' } }, do: drop }
            - { name: d, from: client, when: { path: /chat/admin }, do: drop }
            - { name: e, from: client, when: { query: { name: room, in: [a, b] } }, do: drop }
            - { name: f, from: client, when: { query: { name: room, exists: false } }, do: drop }
            - { name: g, from: client, when: { claim: { pointer: /groups, contains: staff } }, do: drop }
            - { name: h, from: client, when: { claim: { pointer: /org/id, equals: 7 } }, do: drop }
            ----
            a from client when subject(PolicyModel.ValueDemand.equals(PolicyModel.JSONScalar.string("alice"))) do drop
            b from client when subject(PolicyModel.ValueDemand.oneOf([PolicyModel.JSONScalar.string("alice"), PolicyModel.JSONScalar.string("bob")])) do drop
            c from client when subject(PolicyModel.ValueDemand.matches("^bot-")) do drop
            d from client when path(PolicyModel.ValueDemand.equals(PolicyModel.JSONScalar.string("/chat/admin"))) do drop
            e from client when query("room", PolicyModel.ValueDemand.oneOf([PolicyModel.JSONScalar.string("a"), PolicyModel.JSONScalar.string("b")])) do drop
            f from client when not(query("room", PolicyModel.ValueDemand.exists)) do drop
            g from client when claim(/groups, PolicyModel.ValueDemand.contains(PolicyModel.JSONScalar.string("staff"))) do drop
            h from client when claim(/org/id, PolicyModel.ValueDemand.equals(PolicyModel.JSONScalar.integer(7))) do drop
            == JSON: what may be demanded
            - { name: a, from: client, when: { json: { pointer: /x, in: [1, a, null] } }, do: drop }
            - { name: b, from: client, when: { json: { pointer: /x, matches: '^a+$' } }, do: drop }
            - { name: c, from: client, when: { json: { pointer: /x, exists: true } }, do: drop }
            - { name: d, from: client, when: { json: { pointer: /x, exists: false } }, do: drop }
            - { name: e, from: client, when: { json: { pointer: /x, type: integer, over: 1, under: 9.5 } }, do: drop }
            ----
            a from client when json '/x' oneOf([PolicyModel.JSONScalar.integer(1), PolicyModel.JSONScalar.string("a"), PolicyModel.JSONScalar.null]) do drop
            b from client when json '/x' matches("^a+$") do drop
            c from client when json '/x' exists do drop
            d from client when not(json '/x' exists) do drop
            e from client when all(json '/x' type(PolicyModel.JSONDemand.ValueType.integer), json '/x' over(PolicyModel.JSONDemand.Number.integer(1)), json '/x' under(PolicyModel.JSONDemand.Number.double(9.5))) do drop
            == combinations that are wrong
            - { name: a, from: client, when: { all: [] }, do: drop }
            - { name: b, from: client, when: { any: { opcode: text } }, do: drop }
            - { name: c, from: client, when: { not: [] }, do: drop }
            - { name: d, from: client, when: { any: [{ opcode: txt }, { sice: 1 }] }, do: drop }
            - { name: e, from: client, when: { not_json: false }, do: drop }
            - { name: f, from: client, when: { direction: both }, do: drop }
            ----
            1:36: error: `all` needs conditions: `all: [{ … }, { … }]`
            2:41: error: `any` must be a list, not a mapping
            3:41: error: `not` must be a mapping, with keys such as `opcode`, not a list
            4:52: error: `opcode` must be `text` or `binary`, not `txt`; did you mean `text`?
            4:61: error: unknown key `sice` in a condition of `any`; did you mean `size`?
            5:36: error: `not_json` is only ever `true`; for its opposite write `not: { not_json: true }`
            6:47: error: `direction` must be `client` or `upstream`, not `both`
            == patterns and demands that are wrong
            - { name: a, from: client, when: { text: { matches: '(a' } }, do: drop }
            - { name: b, from: client, when: { text: { matches: 'a(?=b)' } }, do: drop }
            - { name: c, from: client, when: { json: { pointer: /x, matches: '[' } }, do: drop }
            - { name: d, from: client, when: { json: { pointer: /x, in: [] } }, do: drop }
            - { name: e, from: client, when: { json: { pointer: /x, over: a } }, do: drop }
            - { name: f, from: client, when: { json: { pointer: /x, type: text } }, do: drop }
            - { name: g, from: client, when: { json: { pointer: /x, exists: false, equals: 1 } }, do: drop }
            - { name: h, from: client, when: { binary: { prefix: 895 } }, do: drop }
            - { name: i, from: client, when: { binary: { prefix: "xx" } }, do: drop }
            - { name: j, from: client, when: { opcode: text, binary: { prefix: "00" } }, do: drop }
            - { name: k, from: client, when: { claim: { pointer: role, equals: a } }, do: drop }
            - { name: l, from: client, when: { claim: { pointer: /role } }, do: drop }
            - { name: m, from: client, when: { claim: { pointer: /role, equals: a, in: [b] } }, do: drop }
            - { name: n, from: client, when: { query: { equals: a } }, do: drop }
            - { name: o, from: client, when: { subject: [] }, do: drop }
            - { name: p, from: client, when: { path: { prefix: /a } }, do: drop }
            - { name: q, from: client, when: { subject: { matches: '\8' } }, do: drop }
            ----
            1:53: error: `matches` is no pattern that RE2 understands: missing ): (a
            2:53: error: `matches` is no pattern that RE2 understands: invalid perl operator: (?=
            3:66: error: `matches` is no pattern that RE2 understands: missing ]: [
            4:61: error: `in` is an empty list, and nothing is ever in it
            5:63: error: `over` must be a number, not `a`
            6:63: error: `type` must be `null`, `boolean`, `number`, `integer`, `string`, `array` or `object`, not `text`
            7:57: error: what does not exist has no value: beside `exists: false` nothing else can be demanded
            8:54: error: `prefix` must be 1 to 256 bytes in hexadecimal, two digits each, such as "89504e47", not `895`
            9:54: error: `prefix` must be 1 to 256 bytes in hexadecimal, two digits each, such as "89504e47", not `xx`
            10:50: error: `binary` looks at binary messages only, so beside `opcode: text` it never holds
            11:54: error: `role` is no JSON pointer (RFC 6901): it begins with `/`, and `~` stands only in `~0` and `~1`
            12:43: error: `claim` needs `equals`, `in`, `matches`, `contains` or `exists`
            13:72: error: `claim` takes one of `equals`, `in`, `matches`, `contains` or `exists`; write several conditions under `all`
            14:43: error: `query` needs `name`, such as `name: room`
            15:45: error: `subject` is an empty list, and nothing is ever in it
            16:42: error: `path` needs `equals`, `in` or `matches`
            16:44: error: unknown key `prefix` in `path`; its keys are `equals`, `in`, `matches`
            17:56: error: `matches` is no pattern that RE2 understands: invalid escape sequence: \8
            == conditions that never hold
            - { name: a, from: client, when: { size: { over: 4B, under: 5B } }, do: drop }
            - { name: b, from: client, when: { opcode: binary, text: { contains: a } }, do: drop }
            - { name: c, from: client, when: { direction: upstream }, do: drop }
            - { name: d, from: client, when: { not: {} }, do: drop }
            - { name: e, from: both, when: { opcode: text, any: [{ not_utf8: true }, { opcode: binary }] }, do: drop }
            - { name: f, from: client, when: { json: { pointer: /x, over: 5, under: 1.5 } }, do: drop }
            - { name: g, from: client, when: { query: { name: room, equals: 5 } }, do: drop }
            - { name: h, from: client, when: { query: { name: room, in: [a, true] } }, do: drop }
            - { name: i, from: client, when: { subject: { equals: 7 } }, do: drop }
            - { name: j, from: client, when: { path: [5] }, do: drop }
            - { name: k, from: client, when: { path: "/a%40b" }, do: drop }
            - { name: l, from: client, when: { path: [/a, b] }, do: drop }
            - { name: m, from: client, when: { path: { equals: /a? } }, do: drop }
            ----
            1:42: error: no size is both over 4B and under 5B
            2:52: error: `text` looks at text messages only, so beside `opcode: binary` it never holds
            3:28: error: `when` never holds for messages that `from: client` names
            4:28: error: `when` never holds for messages that `from: client` names
            5:26: error: `when` never holds for messages that `from: both` names
            6:66: error: no number is both over 5.0 and under 1.5
            7:65: error: `equals` must be a text, and YAML reads `5` as something else; put it in quotes
            8:65: error: `in` must be a text, and YAML reads `true` as something else; put it in quotes
            9:55: error: `equals` must be a text, and YAML reads `7` as something else; put it in quotes
            10:43: error: `path` must be a text, and YAML reads `5` as something else; put it in quotes
            11:42: error: `path` must be written as requests are compared: `/a@b`, not `/a%40b`
            12:47: error: `path` must begin with `/`, not be `b`; write `/b`
            13:52: error: `equals` is compared without the query, so leave `?` and what follows it out
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
            6:42: error: `text` needs `contains` or `matches`, such as `contains: WORD`
            7:42: error: `json` needs `pointer`, such as `pointer: /type`
            7:42: error: `json` needs one of `equals`, `in`, `matches`, `exists`, `type`, `over` or `under`, such as `equals: admin`
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
                  - { name: c, from: client, when: { claim: { pointer: /a, exists: true } }, do: drop }
                  - { name: d, from: client, when: { subject: a }, do: drop }
                  - { name: e, from: client, do: { reply: { text: "${token.subject}" } } }
                ----
                6:45: error: no connection of this route has a scope, since it has no enforced `token`; this never holds
                7:45: error: no connection of this route has claims, since it has no enforced `token`; this never holds
                8:38: error: nobody knows who a connection of this route is: it has neither an enforced `token` nor an `authorize` with `subject_header`
                9:51: error: `${token.subject}` needs an enforced `token` entry in this route's `middleware`, and there is none
                """#))
    func conditions(_ policy: PolicyCase) { policy.check() }
}
