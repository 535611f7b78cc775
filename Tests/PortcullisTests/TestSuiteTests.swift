import Foundation
import PolicyFile
import PolicyModel
import Testing

@testable import Portcullis

struct TestSuiteTests {
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// A folder that is gone with the test.
    private final class Folder {
        let path = NSTemporaryDirectory() + "portcullis-suite-" + UUID().uuidString

        init(_ files: [String: String]) throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private static let policy = """
        listeners:
          public:
            address: 127.0.0.1:0
            tls: { certificates: [{ certificate: c, private_key: k }] }
        upstreams: { echo: { endpoints: ["ws://127.0.0.1:1"] } }
        routes:
          - name: chat
            match: { path: /chat }
            upstream: echo
            public: true
            middleware: [{ origin: { allow: ["https://a.test"] } }]
            message_rate: { rate: 1/1s, burst: 2, on_exceed: drop }
            messages: [{ name: no-binary, from: client, when: { opcode: binary }, do: drop }]
        """

    private static func suite(policies: String? = nil, filter: String? = nil) -> TestSuite {
        TestSuite(policies: policies, root: repository, filter: filter, seesCoverage: true, extensions: Extensions())
    }

    @Test("policies that ship do what their tests say, and no rule of theirs is without a test")
    func shipped() {
        var suite = Self.suite()
        suite.run(["\(Self.repository)/policies", "\(Self.repository)/policies/examples"])
        #expect(suite.errors.map(\.description) == [])
        #expect(suite.report.files.count >= 5)
        let lines = suite.report.lines(TerminalStyle(isColoured: false)).joined(separator: "\n")
        #expect(suite.report.failed.isEmpty, "\(lines)")
        #expect(suite.report.untouched.isEmpty, "\(lines)")
    }

    @Test("handshakes and messages are counted within a test, and by no other one")
    func counting() throws {
        let tests = """
            defaults: { url: "wss://h/chat", origin: "https://a.test" }
            tests:
              - name: a
                messages:
                  - { send: x, repeat: 2, expect: passed }
                  - { send: x, expect: { dropped: true, rule: message_rate } }
                  - { send: x, after: 1s, expect: passed }
                  - { send: { binary: "00" }, after: 1s, expect: { dropped: true, rule: no-binary } }
              - { name: b, messages: [{ send: x, expect: passed }] }
            """
        let folder = try Folder(["p.yaml": Self.policy, "p.test.yaml": tests])
        var suite = Self.suite()
        suite.run([folder.path])
        #expect(suite.errors.isEmpty)
        #expect(suite.report.failed.flatMap(\.failures).map(\.actual) == [])
        #expect(suite.report.untouched.isEmpty)
        #expect(suite.report.results.count == 2)
    }

    @Test("what is wrong is shown with the places of test and expectation")
    func failing() throws {
        let tests = """
            policies: p.yaml
            defaults: { url: "wss://h/chat" }
            tests:
              - name: a
                expect: admitted
              - name: b
                handshake: { origin: "https://a.test" }
                messages:
                  - { send: { binary: "00" }, expect: closed }
                  - { send: x, expect: dropped }
            """
        let folder = try Folder(["p.yaml": Self.policy, "a.test.yaml": tests])
        var suite = Self.suite(policies: "nowhere")
        suite.run(["\(folder.path)/a.test.yaml", "\(folder.path)/a.test.yaml"])
        #expect(suite.errors.isEmpty)
        let failures = suite.report.failed.flatMap(\.failures).map { failure in
            "\(failure.position.line): \(failure.expected) / \(failure.actual)".replacing(folder.path + "/", with: "")
        }
        #expect(
            failures == [
                "5: admitted / refused, origin-missing (403), by p.yaml:11",
                "9: ends the connection / goes no further", "10: goes no further / goes on as it came",
            ])
        #expect(suite.report.failed.map(\.test.position.line) == [4, 6])
    }

    @Test("a connection that has ended takes no more messages")
    func ended() throws {
        let tests = """
            tests:
              - name: a
                handshake: { url: "wss://h/chat", origin: "https://a.test" }
                messages:
                  - { send: x, after: 10m, expect: { closed: { code: 1008, reason: idle-timeout } } }
                  - { send: x, expect: closed }
            """
        let folder = try Folder(["p.yaml": Self.policy, "p.test.yaml": tests])
        var suite = Self.suite(policies: "\(folder.path)/p.yaml")
        suite.run(["\(folder.path)/p.yaml"])
        #expect(
            suite.report.failed.flatMap(\.failures).map(\.actual) == [
                "is not sent: message 1 has ended the connection"
            ])
    }

    @Test("a filter runs a part, and says nothing of the rest")
    func filter() throws {
        let tests = """
            defaults: { url: "wss://h/chat" }
            tests: [{ name: One of them, expect: { refused: origin-missing } }, { name: another, expect: admitted }]
            """
        let folder = try Folder(["p.yaml": Self.policy, "p.test.yaml": tests])
        var suite = Self.suite(filter: "one OF")
        suite.run([folder.path])
        #expect(suite.report.results.map(\.test.name) == ["One of them"])
        #expect(suite.report.failed.isEmpty)
        #expect(suite.report.coverage == nil)
        suite = Self.suite(filter: "none of them")
        suite.run([folder.path])
        #expect(suite.errors.map(\.message) == ["no test has `none of them` in its name"])
    }

    @Test("what cannot be run is told, and the rest is run")
    func unreadable() throws {
        let folder = try Folder([
            "p.yaml": Self.policy, "a.test.yaml": "tests: [{ nam: a }]",
            "b.test.yaml": "policies: none.yaml\ntests: [{ name: a, handshake: { url: wss://h }, expect: refused }]",
            "c.test.yaml": "tests: [{ name: a, handshake: { url: wss://h }, expect: { admitted: chta } }]",
            "d.test.yaml": "tests: [{ name: a, handshake: { url: wss://h }, expect: refused }]",
        ])
        var suite = Self.suite()
        suite.run([folder.path, "\(folder.path)/missing"])
        #expect(
            suite.errors.map { "\($0)".replacing(folder.path + "/", with: "") } == [
                "a.test.yaml:1:9: error: a test needs `expect`, such as `expect: admitted`",
                "a.test.yaml:1:9: error: the handshake needs a `url`, such as `url: wss://chat.example.com/chat`; where most tests share one, write it under `defaults`",
                "a.test.yaml:1:11: error: unknown key `nam` in a test; did you mean `name`?",
                "none.yaml:1:1: error: cannot be read: there is no such file or folder",
                "c.test.yaml:1:69: error: the policy has no route `chta`; did you mean `chat`?",
                "missing:1:1: error: cannot be read: there is no such file or folder",
            ])
        #expect(suite.report.results.map(\.test.name) == ["a"])
    }

    @Test("a folder without tests")
    func empty() throws {
        let folder = try Folder(["p.yaml": Self.policy])
        var suite = Self.suite()
        suite.run([folder.path])
        #expect(suite.errors.count == 1)
        #expect(suite.errors.first?.message.contains("*.test.yaml") == true)
    }
}
