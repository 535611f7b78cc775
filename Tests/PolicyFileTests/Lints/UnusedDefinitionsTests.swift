import PolicyModel
import Testing

@testable import PolicyFile

struct UnusedDefinitionsTests {
    private static let listeners = """
        listeners: { l: { address: 127.0.0.1:1, tls: { certificates: [{ certificate: a, private_key: b }] } } }

        """

    private static func diagnostics(_ text: String) -> [String] {
        PolicyLoader.decode([PolicySource(name: "p", bytes: Array((listeners + text).utf8))]).diagnostics
            .map(\.description)
    }

    @Test("upstreams and issuers that no route uses")
    func unused() {
        let text = """
            upstreams: { a: { endpoints: ["ws://a:1"] }, b: { endpoints: ["ws://b:1"] } }
            token_issuers: { local: { builtin: {} } }
            routes: [{ name: r, match: { path: / }, upstream: b, public: true }]
            """
        #expect(
            Self.diagnostics(text) == [
                "p:2:14: warning: no route uses the upstream `a`; name it in a route's `upstream`, or remove it",
                "p:3:18: warning: no route uses the token issuer `local`; name it in a route's `issuers`, or remove it",
            ])
    }

    @Test("where a name is misspelt nothing is called unused")
    func misspelt() {
        let text = """
            upstreams: { main: { endpoints: ["ws://a:1"] } }
            routes: [{ name: r, match: { path: / }, upstream: mian, public: true }]
            """
        #expect(Self.diagnostics(text) == ["p:3:51: error: there is no upstream `mian`; did you mean `main`?"])
    }

    @Test("words that stand in a list twice")
    func twice() {
        let text = """
            upstreams: { a: { endpoints: ["ws://a:1"] } }
            token_issuers:
              j: { jwt: { issuer: x, audiences: [a, b, a], algorithms: [ES256, ES256], keys: { file: k } } }
            routes:
            - { name: r, match: { path: / }, upstream: a, middleware: [{ token: { issuers: [j, j], scopes: [s, s] } }] }
            """
        #expect(
            Self.diagnostics(text) == [
                "p:4:44: warning: `a` stands in this list twice; remove one of them",
                "p:4:68: warning: `ES256` stands in this list twice; remove one of them",
                "p:6:84: warning: `j` stands in this list twice; remove one of them",
                "p:6:100: warning: `s` stands in this list twice; remove one of them",
            ])
    }
}
