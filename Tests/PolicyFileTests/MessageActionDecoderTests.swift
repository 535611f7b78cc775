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
            a from client, do drop
            b from client, do drop
            c from client, do close(code: 1008, reason: "message-denied")
            d from client, do close(code: 1008, reason: "message-denied")
            e from client, do close(code: 4999, reason: "")
            f from client, contains 'secret', do replace(with: "****")
            == actions that are wrong
            - { name: a, from: client, do: dropp }
            - { name: b, from: client, do: replace }
            - { name: c, from: client, do: [drop] }
            - { name: d, from: client, do: {} }
            - { name: e, from: client, do: { drop: {}, close: {} } }
            - { name: f, from: client, do: { redact: {} } }
            - { name: g, from: client, do: { drop: { code: 1 } } }
            ----
            1:32: error: `do` must be `drop`, `close: { … }` or `replace: { … }`, not `dropp`; did you mean `drop`?
            2:32: error: `replace` needs the text to put in: `do: { replace: { with: "…" } }`
            3:32: error: `do` must be a mapping with one of `drop`, `close` or `replace`, not a list
            4:32: error: `do` needs one of `drop`, `close` or `replace`
            5:44: error: `do` has one key, and `close` is a second one beside `drop`; move it to one of its own
            6:34: error: `redact` in `do` is not supported by this version
            7:42: error: unknown key `code` in `drop`; it has no keys
            == replacing without a text
            - { name: a, from: client, when: { opcode: text }, do: { replace: { with: a } } }
            - { name: b, from: client, do: { replace: {} } }
            ----
            1:58: error: `replace` needs `text: { contains: … }` in `when`, which says what is replaced
            2:34: error: `replace` needs `text: { contains: … }` in `when`, which says what is replaced
            2:43: error: `replace` needs `with`
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
            a from client, do close(code: 1008, reason: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
            == close reason of 124 bytes
            - { name: a, from: client, do: { close: { reason: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" } } }
            ----
            1:51: error: `reason` has 124 bytes, and a close frame has room for 123; shorten it
            """#))
    func actions(_ policy: PolicyCase) { policy.check() }
}
