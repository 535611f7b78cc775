import Testing

@testable import PolicyFile

struct MessageActionDecoderTests {
    @Test(
        "actions",
        arguments: PolicyCase.table(
            .messages,
            #"""
            == actions
            - { name: a, from: client, do: drop }
            - { name: b, from: client, do: { drop: {} } }
            - { name: c, from: client, do: close }
            - { name: d, from: client, do: { close: {} } }
            - { name: e, from: client, do: { close: { code: 4999, reason: "" } } }
            - { name: f, from: client, when: { text: { contains: secret } }, do: { replace: { with: "****" } } }
            ----
            a from client do drop
            b from client do drop
            c from client do close(code: 1008, reason: "message-denied")
            d from client do close(code: 1008, reason: "message-denied")
            e from client do close(code: 4999, reason: "")
            f from client when bytes 'secret' do replace bytes 'secret' by '****'
            == limits
            - { name: a, from: client, do: { limit: { rate: 10/1s } } }
            - { name: b, from: both, do: { limit: { rate: 10/1s, burst: 3, key: subject, on_exceed: delay } } }
            ----
            a from client do limit(PolicyModel.TrafficLimit(rate: PolicyModel.Rate(count: 10, period: 1.0 seconds), burst: 10, key: PolicyModel.TrafficLimit.Key.connection, ipv6Prefix: 64, onExceed: PolicyModel.TrafficLimit.Excess.close))
            b from both do limit(PolicyModel.TrafficLimit(rate: PolicyModel.Rate(count: 10, period: 1.0 seconds), burst: 3, key: PolicyModel.TrafficLimit.Key.subject, ipv6Prefix: 64, onExceed: PolicyModel.TrafficLimit.Excess.delay))
            == limits that are wrong
            - { name: a, from: client, do: limit }
            - { name: b, from: client, do: { limit: { rat: 10/1s } } }
            - { name: c, from: client, do: { limit: { rate: 10/1s, key: token, on_exceed: wait } } }
            ----
            1:32: error: `limit` needs settings: `do: { limit: { … } }`
            2:43: error: unknown key `rat` in `limit`; did you mean `rate`?
            3:61: error: `key` must be `connection`, `address` or `subject`, not `token`
            3:79: error: `on_exceed` must be `close`, `drop` or `delay`, not `wait`; did you mean `delay`?
            == more actions
            - { name: a, from: client, do: allow }
            - { name: b, from: client, do: log }
            - { name: c, from: client, do: { log: { payload: true } } }
            - { name: d, from: client, do: { remove: { pointer: /a/b } } }
            - { name: e, from: client, do: { set: { pointer: /who, value: "${token.subject}\"" } } }
            - { name: f, from: client, do: { set: { pointer: "", value: { a: [1, 1.5, true, null, "x${client.ip}"], "b\"": {} } } } }
            - { name: g, from: client, do: { reply: { text: "no, ${token.subject}" } } }
            - { name: h, from: client, do: { reply: { json: { error: "no" } } } }
            - { name: i, from: client, do: { replace: { contains: a, with: b } } }
            - { name: j, from: client, when: { text: { matches: '(?P<y>\d+)' } }, do: { replace: { with: "<${match.y}>" } } }
            - { name: k, from: client, when: { text: { matches: '(?P<y>\d+)' } }, do: { reply: { json: { said: "${match.y}" } } } }
            - { name: l, from: client, when: { text: { contains: x } }, do: { replace: { matches: '(?P<z>y)', with: "${match.z}" } } }
            ----
            a from client do allow
            b from client do log(payload: false)
            c from client do log(payload: true)
            d from client do remove(/a/b)
            e from client do set /who to "<token.subject>\""
            f from client do set  to {"a":[1,1.5,true,null,"x<client.ip>"],"b\"":{}}
            g from client do reply 'no, <token.subject>'
            h from client do reply {"error":"no"}
            i from client do replace bytes 'a' by 'b'
            j from client when pattern '(?P<y>\d+)' do replace pattern '(?P<y>\d+)' by '<<match.y>>'
            k from client when pattern '(?P<y>\d+)' do reply {"said":"<match.y>"}
            l from client when bytes 'x' do replace pattern '(?P<z>y)' by '<match.z>'
            == a key that would be taken for a variable
            - { name: a, from: client, do: { reply: { json: { "${client.ip}": 1 } } } }
            ----
            1:51: error: variables stand in values, and `${client.ip}` is a key
            == bytes where characters are matched
            - { name: a, from: client, do: { replace: { matches: 'a\C', with: b } } }
            - { name: b, from: client, when: { text: { matches: '\\\C' } }, do: drop }
            ----
            1:54: error: `\C` is a byte, which may be a part of a character, and what is left of that would be no text; `(?s:.)` is any character
            2:53: error: `\C` is a byte, which may be a part of a character, and what is left of that would be no text; `(?s:.)` is any character
            == characters where characters are matched
            - { name: a, from: client, do: { replace: { matches: '\\C', with: b } } }
            - { name: b, from: client, when: { json: { pointer: /x, matches: '\C' } }, do: drop }
            ----
            a from client do replace pattern '\\C' by 'b'
            b from client when json '/x' matches("\\C") do drop
            == actions of which there is more to say
            - { name: a, from: client, do: { remove: { pointer: "" } } }
            - { name: b, from: client, do: { set: { pointer: /a } } }
            - { name: c, from: client, do: { set: { pointer: a, value: 1 } } }
            - { name: d, from: client, do: { reply: { text: a, json: 1 } } }
            - { name: e, from: client, do: { reply: {} } }
            - { name: f, from: client, do: { reply: { text: "${token.sub}" } } }
            - { name: g, from: client, do: { reply: { json: "${match.a}" } } }
            - { name: h, from: client, when: { text: { matches: '(?P<yes>a)' } }, do: { replace: { with: "${match.yed}" } } }
            - { name: i, from: client, when: { all: [{ text: { contains: a } }, { text: { contains: b } }] }, do: { replace: { with: c } } }
            - { name: j, from: client, when: { not: { text: { contains: a } } }, do: { replace: { with: c } } }
            - { name: k, from: client, do: { replace: { contains: a, matches: b, with: c } } }
            - { name: l, from: client, do: set }
            - { name: m, from: client, do: { log: { payload: yes } } }
            - { name: n, from: client, do: { schema: { file: a.json, on_failure: ignore } } }
            - { name: o, from: client, do: { schema: { strict: false } } }
            - { name: p, from: client, do: { set: { pointer: /a, value: 0x10 } } }
            - { name: q, from: client, do: { reply: { text: "${client.ip" } } }
            ----
            1:53: error: the whole of a message cannot be removed; to stop it, write `drop`
            2:39: error: `set` needs `value`, such as `value: guest`
            3:50: error: `a` is no JSON pointer (RFC 6901): it begins with `/`, and `~` stands only in `~0` and `~1`
            4:52: error: `reply` has one key, and `json` is a second one beside `text`; move it to one of its own
            5:41: error: `reply` needs one of `text` or `json`
            6:49: error: unknown variable `${token.sub}`; did you mean `${token.id}`?
            7:49: error: no group of this rule's pattern is called `a`; name one in `matches`, as in `(?P<a>…)`
            8:94: error: no group of this rule's pattern is called `yed`; did you mean `${match.yes}`?
            9:105: error: `when` has 2 patterns; say in `replace` by `contains` or `matches` which text is replaced
            10:76: error: `replace` needs `text: { contains: … }` or `text: { matches: … }` in `when`, or one of the two of its own, which says what is replaced
            11:58: error: `replace` takes `contains` or `matches`, not both
            12:32: error: `set` needs settings: `do: { set: { … } }`
            13:50: error: `payload` must be `true` or `false`, not `yes`; did you mean `true`?
            14:50: error: the schema `a.json` cannot be read: there is no such file or folder
            14:70: error: `on_failure` must be `close` or `drop`, not `ignore`; did you mean `drop`?
            15:42: error: `schema` needs `file`, such as `file: schemas/chat.json`
            16:61: error: `0x10` is no JSON number of 64 bits; if a text is meant, put it in quotes
            17:49: error: the value of `text` has `${` without `}`: `${client.ip`
            == actions that are wrong
            - { name: a, from: client, do: dropp }
            - { name: b, from: client, do: replace }
            - { name: c, from: client, do: [drop] }
            - { name: d, from: client, do: {} }
            - { name: e, from: client, do: { drop: {}, close: {} } }
            - { name: f, from: client, do: { redact: {} } }
            - { name: g, from: client, do: { drop: { code: 1 } } }
            ----
            1:32: error: `do` must be one of `allow`, `drop`, `close`, `replace`, `set`, `remove`, `reply`, `limit`, `schema` or `log`, not `dropp`; did you mean `drop`?
            2:32: error: `replace` needs the text to put in: `do: { replace: { with: "…" } }`
            3:32: error: `do` must be a mapping with one of `allow`, `drop`, `close`, `replace`, `set`, `remove`, `reply`, `limit`, `schema` or `log`, not a list
            4:32: error: `do` needs one of `allow`, `drop`, `close`, `replace`, `set`, `remove`, `reply`, `limit`, `schema` or `log`
            5:44: error: `do` has one key, and `close` is a second one beside `drop`; move it to one of its own
            6:34: error: unknown key `redact` in `do`; its keys are `allow`, `drop`, `close`, `replace`, `set`, `remove`, `reply`, `limit`, `schema`, `log`
            7:42: error: unknown key `code` in `drop`; it has no keys
            == replacing without a text
            - { name: a, from: client, when: { opcode: text }, do: { replace: { with: a } } }
            - { name: b, from: client, do: { replace: {} } }
            ----
            1:58: error: `replace` needs `text: { contains: … }` or `text: { matches: … }` in `when`, or one of the two of its own, which says what is replaced
            2:34: error: `replace` needs `text: { contains: … }` or `text: { matches: … }` in `when`, or one of the two of its own, which says what is replaced
            == close codes that cannot be sent
            - { name: a, from: client, do: { close: { code: 999 } } }
            - { name: b, from: client, do: { close: { code: 1004 } } }
            - { name: c, from: client, do: { close: { code: 1005 } } }
            - { name: d, from: client, do: { close: { code: 1006 } } }
            - { name: e, from: client, do: { close: { code: 1015 } } }
            - { name: f, from: client, do: { close: { code: 2999 } } }
            - { name: g, from: client, do: { close: { code: 5000 } } }
            - { name: h, from: client, do: { close: { code: 100000 } } }
            - { name: i, from: client, do: { close: { code: "1000" } } }
            ----
            1:49: error: `code` must be a close code that may be sent, 1000 to 1003, 1007 to 1014 or 3000 to 4999, not 999
            2:49: error: `code` must be a close code that may be sent, 1000 to 1003, 1007 to 1014 or 3000 to 4999, not 1004
            3:49: error: `code` must be a close code that may be sent, 1000 to 1003, 1007 to 1014 or 3000 to 4999; 1005 is never sent, it only names what did not come
            4:49: error: `code` must be a close code that may be sent, 1000 to 1003, 1007 to 1014 or 3000 to 4999; 1006 is never sent, it only names what did not come
            5:49: error: `code` must be a close code that may be sent, 1000 to 1003, 1007 to 1014 or 3000 to 4999; 1015 is never sent, it only names what did not come
            6:49: error: `code` must be a close code that may be sent, 1000 to 1003, 1007 to 1014 or 3000 to 4999, not 2999
            7:49: error: `code` must be a close code that may be sent, 1000 to 1003, 1007 to 1014 or 3000 to 4999, not 5000
            8:49: error: `code` must be a close code that may be sent, 1000 to 1003, 1007 to 1014 or 3000 to 4999, not `100000`
            9:49: error: `code` must be a close code that may be sent, 1000 to 1003, 1007 to 1014 or 3000 to 4999, not `1000`
            == close reason of 123 bytes
            - { name: a, from: client, do: { close: { reason: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" } } }
            ----
            a from client do close(code: 1008, reason: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
            == close reason of 124 bytes
            - { name: a, from: client, do: { close: { reason: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" } } }
            ----
            1:51: error: `reason` has 124 bytes, and a close frame has room for 123; shorten it
            """#))
    func actions(_ policy: PolicyCase) { policy.check() }
}
