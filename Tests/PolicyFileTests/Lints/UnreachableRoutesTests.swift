import Testing

struct UnreachableRoutesTests {
    @Test(
        "routes that no request gets to",
        arguments: PolicyCase.table(
            PolicyCase.Frame.routes.withWarnings,
            #"""
            == a prefix of any host before
            - { name: all, match: { path_prefix: / }, upstream: echo, public: true }
            - { name: chat, match: { path: /chat }, upstream: echo, public: true }
            - { name: below, match: { hosts: [a.example.com], path_prefix: /x }, upstream: echo, public: true }
            ----
            2:3: warning: no request ever gets to route `chat`: `all` in line 2 takes them all; move it up, or remove it
            3:3: warning: no request ever gets to route `below`: `all` in line 2 takes them all; move it up, or remove it
            == the more exact one before is as it should be
            - { name: exact, match: { path: /chat }, upstream: echo, public: true }
            - { name: prefix, match: { path_prefix: /chat }, upstream: echo, public: true }
            - { name: host, match: { hosts: [a.example.com], path: /x }, upstream: echo, public: true }
            - { name: any, match: { path: /x }, upstream: echo, public: true }
            - { name: likely, match: { path_prefix: /chats }, upstream: echo, public: true }
            ----
            == the same once more
            - { name: a, match: { path: /chat }, upstream: echo, public: true }
            - { name: b, match: { path: /chat }, upstream: echo, public: true }
            - { name: c, match: { path_prefix: /chat/ }, upstream: echo, public: true }
            - { name: d, match: { path_prefix: /chat }, upstream: echo, public: true }
            - { name: e, match: { path: /chat/ }, upstream: echo, public: true }
            ----
            2:3: warning: no request ever gets to route `b`: `a` in line 2 takes them all; move it up, or remove it
            4:3: warning: no request ever gets to route `d`: `c` in line 4 takes them all; move it up, or remove it
            5:3: warning: no request ever gets to route `e`: `c` in line 4 takes them all; move it up, or remove it
            == hosts one by one
            - { name: one, match: { hosts: [a.example.com], path_prefix: / }, upstream: echo, public: true }
            - { name: two, match: { hosts: ["*.b.example.com"], path_prefix: / }, upstream: echo, public: true }
            - name: both
              match: { hosts: [a.example.com, x.b.example.com, "*.y.b.example.com"], path: /x }
              upstream: echo
              public: true
            - name: some
              match: { hosts: [a.example.com, b.example.com], path: /x }
              upstream: echo
              public: true
            - { name: rest, match: { hosts: ["*.example.com"], path: /x }, upstream: echo, public: true }
            ----
            3:3: warning: no request ever gets to route `both`: `one` in line 2 and `two` in line 3 take them all; move it up, or remove it
            8:20: warning: no request for `a.example.com` ever gets to route `some`: `one` in line 2 takes them all
            == hosts of one list
            - { name: r, match: { hosts: ["*.example.com", a.example.com, b.org, B.ORG, "*.x.example.com"], path: / }, upstream: echo, public: true }
            ----
            1:48: warning: `a.example.com` is below `*.example.com` of the same list; leave it out
            1:70: warning: `b.org` stands in this list twice; remove one of them
            1:77: warning: `*.x.example.com` is below `*.example.com` of the same list; leave it out
            == a match with a mistake takes nothing
            - { name: broken, match: { hosts: [a_b.example.com/x], path_prefix: / }, upstream: echo, public: true }
            - { name: chat, match: { path: /chat }, upstream: echo, public: true }
            ----
            1:36: error: `hosts` has names alone, without scheme, port and path, not `a_b.example.com/x`
            == another mistake in the same route is no matter
            - { name: all, match: { path_prefix: / }, upstream: echo, publik: true }
            - { name: chat, match: { path: /chat }, upstream: echo, public: true }
            ----
            1:59: error: unknown key `publik` in a route; did you mean `public`?
            2:3: warning: no request ever gets to route `chat`: `all` in line 2 takes them all; move it up, or remove it
            """#))
    func unreachable(_ policy: PolicyCase) { policy.check() }
}
