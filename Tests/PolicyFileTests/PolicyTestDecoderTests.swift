import Testing

@testable import PolicyFile

struct PolicyTestDecoderTests {
    @Test(
        "a file of tests",
        arguments: TestFileCase.table(
            .testFile,
            #"""
            == names and defaults
            policies: chat.yaml
            defaults: { url: wss://chat.test/chat }
            tests:
              - name: a
                expect: admitted
              - name: b
                handshake: { path: /x }
                expect: refused
            ----
            of chat.yaml
            a:
            chat.test/chat
            -> admitted
            b:
            chat.test/x
            -> refused(reason: nil)
            == messages are of who is admitted
            tests:
              - name: a
                handshake: { url: wss://h }
                messages: [{ send: hello, expect: passed }]
            ----
            a:
            h/
            -> admitted
            client text 'hello' after 0.0 seconds -> passed
            == nothing
            # nothing
            ----
            1:1: there is nothing here; a test file has `tests: [{ name: …, expect: admitted }]`
            == no tests
            tests: []
            ----
            1:8: `tests` is empty, so nothing would be tested
            == all that is wrong at once
            polices: x
            tests:
              - nam: a
                handshake: { url: wss://h }
                expect: admited
              - name: "a\nb"
                expect: { refused: origin-denid }
              - name: c
                handshake: { adress: 1.2.3.4 }
                expect: refused
              - name: d
                handshake: { url: chat.test }
            ----
            1:1: unknown key `polices` in a test file; did you mean `policies`?
            3:5: unknown key `nam` in a test; did you mean `name`?
            5:13: `expect` is `admitted`, `refused`, or a mapping such as `{ refused: origin-denied, status: 403 }`, not `admited`; did you mean `admitted`?
            6:5: the handshake needs a `url`, such as `url: wss://chat.example.com/chat`; where most tests share one, write it under `defaults`
            6:11: a test's `name` is one line of at most 200 bytes, without control characters
            7:24: there is no reason `origin-denid`; did you mean `origin-denied`?
            9:5: the handshake needs a `url`, such as `url: wss://chat.example.com/chat`; where most tests share one, write it under `defaults`
            9:18: unknown key `adress` in `handshake`; did you mean `address`?
            11:5: a test needs `expect`, such as `expect: admitted`
            12:23: `url` is wss://HOST/PATH, such as wss://chat.example.com/chat, not `chat.test`
            == one name twice
            defaults: { url: wss://h }
            tests: [{ name: a, expect: admitted }, { name: a, expect: refused }]
            ----
            2:48: a second test `a`, the first one in line 2; give one of them another name
            == messages of nobody
            defaults: { url: wss://h }
            tests: [{ name: a, expect: refused, messages: [] }]
            ----
            2:37: a handshake that is refused has no messages; expect `admitted`
            == no mapping
            - a
            ----
            1:1: a test file must be a mapping, with keys such as `policies`, not a list
            """#))
    func file(_ test: TestFileCase) {
        test.check()
    }
}
