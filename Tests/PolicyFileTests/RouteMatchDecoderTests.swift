import Testing

@testable import PolicyFile

struct RouteMatchDecoderTests {
    @Test(
        "matches",
        arguments: PolicyCase.table(
            .match,
            #"""
            == match with hosts
            hosts: [Chat.Example.COM, "*.Example.com", 127.0.0.1, "[::1]", "2001:DB8::0"]
            path: /chat
            ----
            ["chat.example.com", "*.example.com", "127.0.0.1", "::1", "2001:db8::"] exact("/chat")
            == match with a prefix
            path_prefix: /api/
            ----
            [] prefix("/api")
            == match of everything
            path_prefix: /
            ----
            [] prefix("/")
            == match of an exact path with a slash at its end
            path: /chat/
            ----
            [] exact("/chat/")
            == match of a path with an empty segment
            path: /a//b
            ----
            1:7: error: `path` must not have empty segments, one slash behind another: `/a//b`
            == match with a prefix of slashes
            path_prefix: //
            ----
            1:14: error: `path_prefix` must not have empty segments, one slash behind another: `//`
            == match with a prefix that has an empty segment at its end
            path_prefix: /p//
            ----
            1:14: error: `path_prefix` must not have empty segments, one slash behind another: `/p//`
            == match with path parameters
            path: /a;v=1/b
            ----
            1:7: error: `path` is compared without path parameters, so leave `;` and what follows it in a segment out: `/a;v=1/b`
            == match without a path
            hosts: [a.example]
            ----
            1:1: error: `match` needs `path` or `path_prefix`; `path_prefix: /` matches every path
            == match with both
            path: /a
            path_prefix: /b
            ----
            2:1: error: `match` has `path` or `path_prefix`, not both
            == hosts that are wrong
            hosts: ["*", "*.*.example.com", "chat.*.com", "https://a.example", "a.example:443", a.example., "-a.example", bücher.example, "*.127.0.0.1", 1.2.3.4.5, "", 7]
            path: /
            ----
            1:9: error: leave `hosts` out to match any host; `*` has a meaning only as `*.` in front of a name
            1:14: error: `*.*.example.com` has a star in a place where it has no meaning; only `*.` in front of a whole name has
            1:33: error: `chat.*.com` has a star in a place where it has no meaning; only `*.` in front of a whole name has
            1:47: error: `hosts` has names alone, without scheme, port and path, not `https://a.example`
            1:68: error: `hosts` has names alone, without scheme, port and path, not `a.example:443`
            1:85: error: `a.example.` must not end in a dot
            1:97: error: `-a.example` is no host name and no IP address
            1:111: error: `bücher.example` must be in ASCII; write an international name as xn--…
            1:127: error: `*.127.0.0.1` is an address, and nothing is below an address
            1:142: error: `1.2.3.4.5` is no IPv4 address: it needs four numbers from 0 to 255 without leading zeros
            1:153: error: the host is missing
            1:157: error: `7` is no IPv4 address: it needs four numbers from 0 to 255 without leading zeros
            == hosts without an end
            hosts: []
            path: /
            ----
            1:8: error: `hosts` is empty; leave it out to match any host
            """#))
    func matches(_ policy: PolicyCase) { policy.check() }
}
