import PolicyFile
import PolicyModel
import Testing

@testable import Portcullis

struct PolicyCoverageTests {
    static func policy() throws -> Policy {
        let text = """
            listeners:
              public:
                address: 127.0.0.1:0
                tls: { certificates: [{ certificate: c, private_key: k }] }
                admission: [{ connection_limit: { maximum: 9 } }]
            upstreams: { echo: { endpoints: ["ws://127.0.0.1:1"] } }
            token_issuers: { local: { builtin: {} } }
            routes:
              - name: chat
                match: { path: /chat }
                upstream: echo
                middleware: [{ origin: { allow: ["https://a.test"] } }, { token: { issuers: [local] } }]
                message_rate: { rate: 1/1s }
                messages: [{ name: no-binary, from: client, when: { opcode: binary }, do: drop }]
            """
        return try PolicyLoader.decode([PolicySource(name: "p", bytes: Array(text.utf8))]).get()
    }

    @Test("all that decides, in the policy's order, and what of it was touched")
    func parts() throws {
        var coverage = PolicyCoverage()
        coverage.add(try Self.policy())
        coverage.add(try Self.policy())
        #expect(
            coverage.untouched.map { "\($0.position): \($0.name)" } == [
                "p:5:19: `connection_limit` of the listener `public`", "p:9:5: the route `chat`",
                "p:12:20: `origin` of the route `chat`", "p:12:63: `token` of the route `chat`",
                "p:13:19: `message_rate` of the route `chat`",
                "p:14:16: the message rule `no-binary` of the route `chat`",
            ])
        coverage.touch(coverage.parts.dropFirst().map(\.place))
        #expect(coverage.untouched.map(\.name) == ["`connection_limit` of the listener `public`"])
    }

    @Test("what two routes have by an alias is a part of each")
    func aliases() throws {
        let text = """
            listeners:
              public: { address: "127.0.0.1:0", tls: { certificates: [{ certificate: c, private_key: k }] } }
            upstreams: { echo: { endpoints: ["ws://127.0.0.1:1"] } }
            routes:
              - { name: a, match: { path: /a }, upstream: echo, public: true, middleware: &m [{ origin: { allow: ["https://a.test"] } }] }
              - { name: b, match: { path: /b }, upstream: echo, public: true, middleware: *m }
            """
        var coverage = PolicyCoverage()
        coverage.add(try PolicyLoader.decode([PolicySource(name: "p", bytes: Array(text.utf8))]).get())
        #expect(coverage.parts.count == 4)
        coverage.touch(coverage.parts.prefix(2).map(\.place))
        #expect(coverage.untouched.map(\.name) == ["the route `b`", "`origin` of the route `b`"])
    }
}
