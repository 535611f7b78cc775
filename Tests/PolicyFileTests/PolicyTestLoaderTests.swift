import PolicyModel
import Testing

@testable import PolicyFile

struct PolicyTestLoaderTests {
    private static let names = """
        listeners:
          public:
            address: 127.0.0.1:0
            tls: { certificates: [{ certificate: c, private_key: k }] }
        upstreams: { echo: { endpoints: ["ws://127.0.0.1:1"] } }
        token_issuers: { local: { builtin: {} } }
        routes:
          - name: chat
            match: { path: /chat }
            upstream: echo
            middleware: [{ token: { issuers: [local] } }]
            message_rate: { rate: 1/1s }
            messages: [{ name: no-binary, from: client, when: { opcode: binary }, do: drop }]
        """

    @Test("names that the policy does not have are told, with those that were probably meant")
    func unknownNames() throws {
        let policy = try PolicyLoader.decode([PolicySource(name: "p", bytes: Array(Self.names.utf8))]).get()
        let text = """
            tests:
              - name: a
                handshake: { url: wss://h, listener: pubic, claims: { subject: a, issuer: locl } }
                expect: { admitted: chta }
                messages: [{ send: x, expect: { passed: true, rule: no-binry, shadow: message_rate } }]
              - name: b
                handshake: { url: wss://h, listener: public, claims: { subject: a, issuer: local } }
                expect: { admitted: chat }
                messages: [{ send: x, expect: { passed: true, rule: no-binary } }]
            """
        let source = PolicySource(name: "t", bytes: Array(text.utf8))
        let file = try PolicyTestLoader.decode(source, words: TestFileCase.words).get()
        #expect(
            PolicyTestLoader.unknownNames(in: file, of: policy).map(\.description) == [
                "t:2:11: error: the policy has no listener `pubic`; did you mean `public`?",
                "t:2:11: error: the policy has no token issuer `locl`; did you mean `local`?",
                "t:4:25: error: the policy has no route `chta`; did you mean `chat`?",
                "t:5:37: error: the policy has no message rule `no-binry`; did you mean `no-binary`?",
            ])
    }

    @Test("the test files of a folder, of a policy file, and one by name")
    func files() throws {
        let names = ["a.test.yaml", "b.yaml", "b.test.yaml", ".c.test.yaml", "c.yaml"]
        let temporary = try TemporaryFolder(Dictionary(uniqueKeysWithValues: names.map { ($0, "") }))
        let folder = temporary.path
        #expect(try found(folder) == ["a.test.yaml", "b.test.yaml"].map { "\(folder)/\($0)" })
        #expect(try found(folder + "//") == ["a.test.yaml", "b.test.yaml"].map { "\(folder)/\($0)" })
        #expect(try found("\(folder)/b.yaml") == ["\(folder)/b.test.yaml"])
        #expect(try found("\(folder)/c.yaml").isEmpty)
        #expect(try found("\(folder)/a.test.yaml") == ["\(folder)/a.test.yaml"])
        #expect(throws: PolicyFileError.self) { try found("\(folder)/missing") }
    }

    private func found(_ path: String) throws -> [String] { try PolicyTestLoader.files(at: path).get() }

    @Test("a file that is not there")
    func missing() {
        #expect(throws: PolicyFileError.self) {
            try PolicyTestLoader.load(path: "/nowhere/x.test.yaml", words: TestFileCase.words).get()
        }
    }
}
