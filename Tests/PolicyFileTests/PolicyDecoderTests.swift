import PolicyModel
import Testing

@testable import PolicyFile

struct PolicyDecoderTests {
    @Test(
        "sections",
        arguments: PolicyCase.table(
            .file,
            #"""
            == whole policy
            listeners: { a: { address: 127.0.0.1:1, tls: { certificates: [{ certificate: a, private_key: b }] } } }
            upstreams: { u: { endpoints: ["ws://a:1"] } }
            token_issuers: { local: { builtin: {} } }
            routes: [{ name: r, match: { path: / }, upstream: u, public: true }]
            ----
            listener a
            upstream u
            issuer local
            route r
            == policy that is no mapping
            - a
            ----
            1:1: error: a policy must be a mapping, with keys such as `listeners`, not a list
            == sections of other kinds
            listeners: [a]
            upstreams: 7
            token_issuers:
            routes: {}
            ----
            1:12: error: `listeners` must be a mapping from names to settings, not a list
            2:12: error: `upstreams` must be a mapping from names to settings, not `7`
            3:15: error: `token_issuers` must be a mapping from names to settings, not an empty value
            4:9: error: `routes` must be a list, not a mapping
            == sections with nothing in them
            listeners: {}
            routes: []
            ----
            1:1: error: no listener: define one under `listeners`, or nothing can connect
            1:1: error: no route: define one under `routes`, or every request is refused
            == sections in other gateways' words
            routers: []
            services: {}
            entryPoints: {}
            providers: {}
            plugins: {}
            ----
            1:1: error: unknown key `routers` in a policy; did you mean `routes`?
            2:1: error: unknown key `services` in a policy; did you mean `upstreams`?
            3:1: error: unknown key `entryPoints` in a policy; did you mean `listeners`?
            4:1: error: unknown key `providers` in a policy; did you mean `token_issuers`?
            5:1: error: unknown key `plugins` in a policy; its keys are `listeners`, `upstreams`, `token_issuers`, `routes`, `limits`, `admin`
            == a section that is misspelt is not missed, nor what it defines
            upstream: { echo: { endpoints: ["ws://a:1"] } }
            listener: {}
            ruotes: []
            ----
            1:1: error: unknown key `upstream` in a policy; did you mean `upstreams`?
            2:1: error: unknown key `listener` in a policy; did you mean `listeners`?
            3:1: error: unknown key `ruotes` in a policy; did you mean `routes`?
            == names that are wrong
            upstreams: { "a b": { endpoints: ["ws://a:1"] }, "": { endpoints: ["ws://a:1"] }, echo: { endpoints: ["ws://a:1"] } }
            routes: [{ name: "a\e[31m", match: { path: / }, upstream: echo, public: true }]
            ----
            1:14: error: `a b` cannot be the name of an upstream: names have 1 to 64 letters, digits, `.`, `_` or `-`
            1:50: error: `` cannot be the name of an upstream: names have 1 to 64 letters, digits, `.`, `_` or `-`
            2:18: error: `a\u{1b}[31m` cannot be the name of a route: names have 1 to 64 letters, digits, `.`, `_` or `-`
            == routes of one name
            routes:
              - { name: r, match: { path: /a }, upstream: echo, public: true }
              - { name: r, match: { path: /b }, upstream: echo, public: true }
            ----
            3:13: error: route `r` is defined twice, first at p:2:13; give one of them another name
            == listeners on one address
            listeners:
              a: { address: 127.0.0.1:8443, tls: { certificates: [{ certificate: a, private_key: b }] } }
              b: { address: 127.0.0.1:8443, tls: { certificates: [{ certificate: a, private_key: b }] } }
              c: { address: 127.0.0.1:0, tls: { certificates: [{ certificate: a, private_key: b }] } }
              d: { address: 127.0.0.1:0, tls: { certificates: [{ certificate: a, private_key: b }] } }
            ----
            3:17: error: `127.0.0.1:8443` is bound twice, first at p:2:17
            == addresses that are all addresses beside one of them
            listeners:
              a: { address: 127.0.0.1:8443, tls: { certificates: [{ certificate: a, private_key: b }] } }
              b: { address: 127.0.0.2:8443, tls: { certificates: [{ certificate: a, private_key: b }] } }
              c: { address: 0.0.0.0:8443, tls: { certificates: [{ certificate: a, private_key: b }] } }
              d: { address: 127.0.0.3:8443, tls: { certificates: [{ certificate: a, private_key: b }] } }
              e: { address: "[::]:8443", tls: { certificates: [{ certificate: a, private_key: b }] } }
              f: { address: 0.0.0.0:8444, tls: { certificates: [{ certificate: a, private_key: b }] } }
            admin: { address: "[::1]:8443", token_file: t }
            ----
            4:17: error: `0.0.0.0:8443` and `127.0.0.1:8443`, at p:2:17, cannot both be bound: one of them is all addresses
            5:17: error: `127.0.0.3:8443` and `0.0.0.0:8443`, at p:4:17, cannot both be bound: one of them is all addresses
            8:19: error: `[::1]:8443` and `[::]:8443`, at p:6:17, cannot both be bound: one of them is all addresses
            == upstreams where there is none
            upstreams: {}
            ----
            z:8:49: error: there is no upstream `echo`; define it under `upstreams`
            """#))
    func sections(_ policy: PolicyCase) { policy.check() }

    @Test("a name that two files define")
    func twoFiles() {
        let upstreams = Array(#"upstreams: { u: { endpoints: ["ws://a:1"] } }"#.utf8)
        let loaded = PolicyLoader.decode([
            PolicySource(name: "a.yaml", bytes: upstreams), PolicySource(name: "b.yaml", bytes: upstreams),
        ])
        #expect(loaded.policy == nil)
        #expect(
            loaded.diagnostics.map(\.description) == [
                "a.yaml:1:1: error: no listener: define one under `listeners`, or nothing can connect",
                "a.yaml:1:1: error: no route: define one under `routes`, or every request is refused",
                "b.yaml:1:14: error: upstream `u` is defined twice, first at a.yaml:1:14; give one of them another name",
            ])
    }

    @Test("a file that is not YAML makes nobody else's names unknown")
    func unreadableFile() {
        let route = "routes: [{ name: r, match: { path: / }, upstream: u, public: true }]"
        let loaded = PolicyLoader.decode([
            PolicySource(name: "a.yaml", bytes: Array("upstreams: [".utf8)),
            PolicySource(name: "b.yaml", bytes: Array(route.utf8)),
        ])
        #expect(loaded.diagnostics.map(\.position.file) == ["a.yaml"])
    }

    @Test("routes come in the order of their files")
    func order() throws {
        let parts = [
            """
            listeners: { l: { address: 127.0.0.1:1, tls: { certificates: [{ certificate: a, private_key: b }] } } }
            upstreams: { u: { endpoints: ["ws://a:1"] } }
            """,
            """
            routes:
            - { name: b, match: { path: /b }, upstream: u, public: true }
            - { name: a, match: { path: /a }, upstream: u, public: true }
            """,
            "routes: [{ name: c, match: { path: /c }, upstream: u, public: true }]",
        ]
        let sources = parts.enumerated().map { PolicySource(name: "\($0.offset)", bytes: Array($0.element.utf8)) }
        let policy = try PolicyLoader.decode(sources).get()
        #expect(policy.routes.map(\.name) == ["b", "a", "c"])
        #expect(policy.routes.first?.position == SourcePosition(file: "1", line: 2, column: 3))
    }

    @Test("of very many names ten are listed, and a likeness is looked for among few alone")
    func manyNames() {
        let message = { (count: Int, name: String) -> String in
            let decoder = PolicyDecoder()
            let position = SourcePosition(file: "p", line: 1, column: 1)
            for number in 0..<count { decoder.define("upstream-\(1000 + number)", in: .upstreams, at: position) }
            for _ in 0..<2 { decoder.refer(to: name, in: .upstreams, at: position) }
            decoder.checkReferences()
            #expect(decoder.diagnostics.count == 2 && Set(decoder.diagnostics).count == 1)
            return decoder.diagnostics.first?.message ?? ""
        }
        let listed = (1000..<1010).map { "`upstream-\($0)`" }.joined(separator: ", ")
        #expect(message(12, "x") == "there is no upstream `x`; those defined are \(listed), and 2 more")
        #expect(message(500, "upstream-1x00") == "there is no upstream `upstream-1x00`; did you mean `upstream-1000`?")
        #expect(
            message(501, "upstream-1x00")
                == "there is no upstream `upstream-1x00`; those defined are \(listed), and 491 more")
    }
}
