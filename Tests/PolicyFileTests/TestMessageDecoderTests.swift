import Testing

@testable import PolicyFile

struct TestMessageDecoderTests {
    @Test(
        "messages and what becomes of them",
        arguments: TestFileCase.table(
            .testMessages,
            #"""
            == of each kind
            - { send: hello, expect: passed }
            - { send: { json: { b: [1, 2.5, null], a: "x\"" } }, from: upstream, expect: { edited: { json: {} } } }
            - { send: { binary: "89 50" }, after: 2s, repeat: 3, expect: { dropped: true, rule: no-binary } }
            - { send: { text: ab, times: 2 }, expect: { reply: pong, rule: [a, b], shadow: [] } }
            - { send: "", expect: { closed: 1008 } }
            - { send: "", expect: { closed: { code: 4000, reason: no }, shadow: c } }
            - { send: "", expect: closed }
            ----
            t:
            h/
            -> admitted
            client text 'hello' after 0.0 seconds -> passed
            upstream {"a":"x\"","b":[1,2.5,null]} after 0.0 seconds -> edited {}
            client [137, 80] 3 times after 2.0 seconds -> dropped by ["no-binary"]
            client text 'abab' after 0.0 seconds -> reply text 'pong' by ["a", "b"] shadow []
            client text '' after 0.0 seconds -> closed(code: Optional(1008), reason: nil)
            client text '' after 0.0 seconds -> closed(code: Optional(4000), reason: Optional("no")) shadow ["c"]
            client text '' after 0.0 seconds -> closed(code: nil, reason: nil)
            == no rule at all
            - { send: x, expect: { dropped: true, rule: [] } }
            ----
            1:45: `rule` is empty and checks nothing; name the rules that act, or leave it out
            == a fresh token
            - { send: { renewal: { subject: alice } }, after: 1h, expect: renewed }
            ----
            t:
            h/
            -> admitted
            client renewal alice for [] may [] ends 3600.0 seconds old 0.0 seconds after 3600.0 seconds -> renewed
            == a fresh token beside something else, and where none is sent
            - { send: { renewal: { subject: alice }, text: x }, expect: passed }
            - { send: x, expect: { edited: { renewal: {} } } }
            ----
            1:42: unknown key `text` in `send`; its keys are `renewal`
            2:32: `edited` has one of `text`, `json` or `binary`, not 0 of them
            2:34: unknown key `renewal` in `edited`; its keys are `text`, `json`, `binary`, `times`, `padded_to`
            == padded
            - { send: { json: { a: 1 }, padded_to: 10B }, expect: passed }
            ----
            t:
            h/
            -> admitted
            client text '{"a":1}   ' after 0.0 seconds -> passed
            == padded to less than it is, and what is no JSON
            - { send: { json: { a: 1 }, padded_to: 6B }, expect: passed }
            - { send: { text: a, padded_to: 6B }, expect: passed }
            ----
            1:29: `padded_to` is less than the 7 bytes that the JSON has
            2:22: `padded_to` is for JSON; repeat a text or bytes with `times`
            == too much in all
            - { send: { text: aaaa, times: 4194304 }, expect: passed }
            - { send: { binary: "00" }, expect: passed }
            ----
            2:11: the messages of a test file have at most 16 MiB together; repeat a text less often
            == what is wrong
            - { snd: x, expect: pased }
            - { send: { text: a, json: b }, expect: {} }
            - { send: { binary: abc }, expect: { passed: 1 } }
            - { send: { text: aaaa, times: 16777216 }, expect: { closed: 99 } }
            - { send: { json: 1, times: 2 }, from: server, expect: { passed: true, dropped: true } }
            - { send: 1, expect: { edited: { txt: a } } }
            ----
            1:5: unknown key `snd` in a message; did you mean `send`?
            1:21: `expect` of a message is `passed`, `edited`, `dropped`, `reply`, `renewed` or `closed`, or a mapping with one of them, not `pased`; did you mean `passed`?
            2:11: `send` has one of `text`, `json` or `binary`, not 2 of them
            2:41: `expect` has one of `passed`, `edited`, `dropped`, `reply`, `renewed` or `closed`, not 0 of them
            3:21: `binary` is bytes in hexadecimal, two digits each, such as "89504e47", not `abc`
            3:46: `passed` is only ever `true`, not `1`
            4:25: the messages of a test file have at most 16 MiB together; repeat a text less often
            4:62: `closed` must be from 1000 to 4999, not `99`
            5:22: `times` repeats a text or bytes; JSON is made longer with `padded_to`
            5:40: `from` must be `client` or `upstream`, not `server`; did you mean `upstream`?
            5:56: `expect` has one of `passed`, `edited`, `dropped`, `reply`, `renewed` or `closed`, not 2 of them
            6:11: `send` must be a text, and YAML reads `1` as something else; put it in quotes
            6:34: unknown key `txt` in `edited`; did you mean `text`?
            """#))
    func messages(_ test: TestFileCase) {
        test.check()
    }
}
