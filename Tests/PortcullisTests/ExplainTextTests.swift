import Engine
import PolicyFile
import PolicyModel
import Testing
import Tokens

@testable import Portcullis

private let text = #"""
    listeners:
      public:
        address: "127.0.0.1:0"
        tls: { certificates: [{ certificate: a, private_key: b }] }
        admission: [{ connection_limit: { maximum: 100 } }]
    upstreams: { u: { endpoints: ["ws://127.0.0.1:9"] } }
    routes:
      - name: open
        match: { path: /open }
        upstream: u
        public: true
        middleware:
          - origin: { allow: ["https://a.example"], mode: shadow }
          - headers: { response: { set: { X-Frame: deny } } }
        messages:
          - { name: hide, from: client, when: { text: { contains: a } }, do: { replace: { with: b } } }
    """#

private func explained(
    _ target: String, headers: [(name: String, value: String)] = [], messages: [String] = [], earlier: Int = 0
) throws -> Explanation {
    let policy = try PolicyLoader.decode([PolicySource(name: "p.yaml", bytes: Array(text.utf8))]).get()
    let rehearsal = try Rehearsal(policy)
    let made = MadeUpHandshake(host: "a.example", target: target, headers: headers)
    let before = try (0..<earlier).map { _ in try rehearsal.handshake(made) }
    let handshake = try rehearsal.handshake(made)
    let answers = handshake.connection.map { connection in
        messages.map { rehearsal.message(MadeUpMessage($0), on: connection) }
    }
    return Explanation(
        url: "wss://a.example\(target)", made: made, earlier: before, handshake: handshake, messages: answers ?? [],
        problems: [])
}

@Suite struct ExplainTextTests {
    @Test("each step with its place, what it saw, and what came of it")
    func admitted() throws {
        let lines = ExplainText(try explained("/open", messages: ["a"]), isColoured: false).lines
        #expect(lines[0] == "wss://a.example/open from 192.0.2.1, on listener public")
        #expect(lines[2].hasPrefix("✓ admission.connection_limit  p.yaml:5:"))
        #expect(lines.contains("~ origin (shadow)  p.yaml:13:9  would refuse: origin-missing"))
        #expect(lines.contains("    no Origin was sent"))
        #expect(lines.contains("✓ headers  p.yaml:14:9"))
        #expect(lines.contains("admitted"))
        #expect(lines.contains("in shadow mode: origin, p.yaml:13:9, would have refused: origin-missing"))
        #expect(lines.contains("to upstream u, ws://127.0.0.1:9:") && lines.contains("  X-Forwarded-For: 192.0.2.1"))
        #expect(lines.contains("  X-Frame set to deny"))
        #expect(lines.suffix(3) == ["message 1 from the client: edited", "  • hide  p.yaml:16:9", "  b"])
    }

    @Test("a refusal, and the answer as it is sent")
    func refused() throws {
        let explanation = try explained("/other", earlier: 1)
        let lines = ExplainText(explanation, isColoured: false).lines
        #expect(lines[1] == "  handshake 1: refused: route-not-found")
        #expect(lines.contains("✗ route  route-not-found"))
        #expect(lines.contains("refused: route-not-found (HTTP 404)") && lines.contains("  Connection: close"))
        #expect(explanation.exitCode == 3)
    }

    @Test("colours only where they are wanted, and no control characters of anybody's")
    func colors() throws {
        let header = (name: "X-A", value: "caf\u{e9}\u{200e}\u{85}\u{f8f0}")
        let explanation = try explained("/open", headers: [header], messages: ["a\u{1b}[31m"])
        let plain = ExplainText(explanation, isColoured: false).lines
        let colored = ExplainText(explanation, isColoured: true).lines
        for lines in [plain, colored] {
            #expect(lines.contains("  X-A: caf\u{e9}\\u{200e}\\u{85}\\u{f8f0}"))
            #expect(lines.last == "  b\\u{1b}[31m")
        }
        #expect(!plain.joined().contains("\u{1b}") && plain.count == colored.count)
        #expect(colored.contains("\u{1b}[32madmitted\u{1b}[0m"))
        #expect(colored.contains("\u{1b}[32m✓\u{1b}[0m headers  \u{1b}[2mp.yaml:14:9\u{1b}[0m"))
    }

    @Test(
        "what lets its holder in somewhere is not shown",
        arguments: [
            ("X-A", "secret-text", "(hidden)"), ("X-A", "Bearer eyJh.b.c", "(hidden)"), ("Cookie", "a=b", "(hidden)"),
            ("X-A", "plain", "plain"),
        ])
    func hidden(_ name: String, _ value: String, _ shown: String) throws {
        var explanation = try explained("/open")
        var made = explanation.made
        made.credential = .token("secret-text")
        explanation = Explanation(
            url: "", made: made, earlier: [], handshake: explanation.handshake, messages: [], problems: [])
        #expect(explanation.shown(value, of: name) == shown)
    }

    @Test(
        "nor in the query of a URL",
        arguments: [
            ("/a", "/a"), ("wss://a/b?c=d&e", "wss://a/b?c=d&e"), ("/a?x=1&t=secret%2Dtext", "/a?x=1&t=(hidden)"),
            ("/a?t=eyJh.b.c&x=", "/a?t=(hidden)&x="), ("/a?access_token=x&y=2", "/a?access_token=(hidden)&y=2"),
        ])
    func hiddenQuery(_ url: String, _ shown: String) throws {
        let given = try explained("/open")
        var made = given.made
        made.credential = .token("secret-text")
        let explanation = Explanation(
            url: url, made: made, earlier: [], handshake: given.handshake, messages: [], problems: [])
        #expect(explanation.shown(url: url) == shown)
        #expect(ExplainText(explanation, isColoured: false).lines[0].hasPrefix("\(shown) from "))
        #expect(ExplainReport(explanation).url == shown)
    }
}
