import Testing

@testable import PolicyFile

struct PathDecoderTests {
    @Test(
        "paths",
        arguments: PolicyCase.table(
            .match,
            #"""
            == path with all that may stand in it
            path: "/a-b_c.d~e/!$&'()*+,=:@/%20"
            ----
            [] exact("/a-b_c.d~e/!$&\'()*+,=:@/%20")
            == path without a slash
            path: chat
            ----
            1:7: error: `path` must begin with `/`, not be `chat`; write `/chat`
            == path as a URL
            path: https://a.example/chat
            ----
            1:7: error: `path` must begin with `/`, not be `https://a.example/chat`
            == path with a query
            path: /chat?room=1
            ----
            1:7: error: `path` is compared without the query, so leave `?` and what follows it out
            == path with a fragment
            path: /chat#top
            ----
            1:7: error: `path` is never sent with a fragment, so leave `#` and what follows it out
            == path with dot segments
            path: /a/../b
            ----
            1:7: error: `path` must not have `.` or `..` segments: `/a/../b`
            == path with encoded dot segments
            path: /a/%2e%2E/b
            ----
            1:7: error: `path` must not have `.` or `..` segments: `/a/%2e%2E/b`
            == path that needs encoding
            path: /café au lait
            ----
            1:7: error: `path` must be written as requests are compared: `/caf%C3%A9%20au%20lait`, not `/café au lait`
            == path with needless encoding
            path: /%61%c3%a9
            ----
            1:7: error: `path` must be written as requests are compared: `/a%C3%A9`, not `/%61%c3%a9`
            == path with a character in disguise
            path: /%40me/a%2Bb
            ----
            1:7: error: `path` must be written as requests are compared: `/@me/a+b`, not `/%40me/a%2Bb`
            == path with an encoded semicolon
            path: /a%3Bb
            ----
            [] exact("/a%3Bb")
            == path with a slash in disguise
            path: /a%2fb
            ----
            1:7: error: `path` holds a percent-encoding that no request gets past the gateway with: `/a%2fb`
            == path with half an encoding
            path: /a%2
            ----
            1:7: error: `path` holds a percent-encoding that no request gets past the gateway with: `/a%2`
            == path with a wildcard
            path: /api/*
            ----
            1:7: error: `path` has no wildcards; for everything below use `path_prefix: /api`
            == path of another kind
            path: [/a]
            ----
            1:7: error: `path` must be a text, not a list
            """#))
    func paths(_ policy: PolicyCase) { policy.check() }
}
