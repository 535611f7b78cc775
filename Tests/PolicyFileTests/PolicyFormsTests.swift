import Foundation
import PolicyModel
import Testing

@testable import PolicyFile

struct PolicyFormsTests {
    private static let policy = """
        listeners:
          public:
            address: 127.0.0.1:8443
            tls: { certificates: [{ certificate: a.pem, private_key: a.key }] }
            admission: [{ ip_filter: { deny: [192.0.2.1/32] } }]
        upstreams: { u: { endpoints: ["ws://127.0.0.1:1"] } }
        token_issuers:
          local: { builtin: {} }
          other: { jwt: { issuer: "https://a/", audiences: [chat], algorithms: [ES256], keys: { file: k.json } } }
          third: { jwt: { issuer: "https://b/", audiences: [chat], algorithms: [ES256], keys: { file: l.json } } }
        routes:
          - name: chat
            match: { path: /chat }
            upstream: u
            middleware: [{ token: { issuers: [local, other] } }]
          - { name: free, match: { path: /free }, upstream: u, public: true }
        """

    private func policy(_ text: String) throws -> Policy {
        try PolicyLoader.decode([PolicySource(name: "p", bytes: Array(text.utf8))]).get()
    }

    /// Names of the routes that differ, and of the listeners whose admission does, once `one` is `other`.
    private func changes(_ one: String, _ other: String) throws -> [String] {
        try #require(Self.policy.contains(one))
        let (before, after) = (try policy(Self.policy), try policy(Self.policy.replacing(one, with: other)))
        let routes = after.routes.filter { route in
            before.routes.first { $0.name == route.name }?.form != route.form
        }
        let listeners = after.listeners.filter { listener in
            before.listeners.first { $0.name == listener.name }?.admissionForm != listener.admissionForm
        }
        return routes.map(\.name) + listeners.map(\.name)
    }

    @Test(
        "a route changes with what it says and with the issuers that it names, an admission by itself",
        arguments: [
            ("routes:", "# what is where\n\nroutes:", []),
            (
                "{ name: free, match: { path: /free }, upstream: u, public: true }",
                "{ public: true, upstream: u, match: { path: /free }, name: free }", []
            ),
            ("path: /free", "path: /freer", ["free"]),
            ("issuers: [local, other]", "issuers: [other]", ["chat"]),
            ("\"https://a/\"", "\"https://c/\"", ["chat"]),
            ("\"https://b/\"", "\"https://c/\"", []),
            (
                "audiences: [chat], algorithms: [ES256], keys: { file: k.json }",
                "algorithms: [ES256], keys: { file: k.json }, audiences: [chat]", []
            ),
            ("file: k.json", "file: m.json", ["chat"]),
            ("ws://127.0.0.1:1", "ws://127.0.0.1:2", []),
            ("deny: [192.0.2.1/32]", "deny: [192.0.2.2/32]", ["public"]),
            ("deny: [192.0.2.1/32]", "deny: [\"192.0.2.1/32\"]", []),
            ("a.pem", "b.pem", []),
        ] as [(String, String, [String])])
    func changed(_ one: String, _ other: String, _ expected: [String]) throws {
        #expect(try changes(one, other) == expected)
    }

    @Test("an empty admission is none")
    func emptyAdmission() throws {
        let entry = "admission: [{ ip_filter: { deny: [192.0.2.1/32] } }]"
        let empty = try policy(Self.policy.replacing(entry, with: "admission: []"))
        #expect(empty.listeners.map(\.admissionForm) == [.none])
        #expect(try policy(Self.policy.replacing(entry, with: "")).listeners.map(\.admissionForm) == [.none])
    }

    @Test("issuers may stand behind the routes that name them, and in another file")
    func otherFile() throws {
        let parts = Self.policy.components(separatedBy: "token_issuers:")
        let issuers = "token_issuers:" + (parts.last ?? "").components(separatedBy: "routes:")[0]
        let rest = Self.policy.replacing(issuers, with: "")
        let split = try PolicyLoader.decode([
            PolicySource(name: "a", bytes: Array(rest.utf8)), PolicySource(name: "b", bytes: Array(issuers.utf8)),
        ]).get()
        #expect(split.routes.map(\.form) == (try policy(Self.policy)).routes.map(\.form))
    }

    @Test("the files that it names, read or not, also of a policy with an error")
    func namedFiles() {
        let text = Self.policy.replacing("upstream: u\n", with: "upstream: nobody\n")
        let loaded = PolicyLoader.decode([PolicySource(name: "p", bytes: Array(text.utf8))])
        #expect(loaded.policy == nil)
        #expect(loaded.namedFiles == ["a.key", "a.pem", "k.json", "l.json"])
    }
}
