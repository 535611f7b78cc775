import PolicyModel
import Testing

@testable import PolicyFile

struct WordEndsTests {
    private static func found(_ text: String) -> [String] {
        PolicyLoader.decode([PolicySource(name: "p", bytes: Array(text.utf8))]).diagnostics.map {
            "\($0.position.line):\($0.position.column)-\($0.endColumn.map(String.init) ?? "?") \($0.suggestion ?? "-")"
        }
    }

    @Test("keys and values with their ends and with what was meant")
    func ends() {
        let text = """
            listners: {}
            routes:
            - name: r
              match: { path: / }
              "upstraem": echo
              public: yes
              on_policy_change: 'kep'
              timeouts: { idle: 5min, close:
                5 }
              middleware:
              - orgin: {}
            """
        #expect(
            Self.found(text) == [
                "1:1-9 listeners", "5:3-13 upstream", "6:11-14 true", "7:21-26 keep", "8:21-25 5m",
                "9:5-6 -",
                "11:5-10 origin",
            ])
    }

    @Test("names that are referred to")
    func references() {
        let text = """
            listeners: { l: { address: "8443", tls: { certificates: [{ certificate: a, private_key: b }] } } }
            upstreams: { main: { endpoints: [127.0.0.1:9001] } }
            routes: [{ name: r, match: { path: / }, upstream: mian, public: true }]
            """
        #expect(
            Self.found(text) == ["1:28-34 0.0.0.0:8443", "2:34-48 ws://127.0.0.1:9001", "3:51-55 main"])
    }

    @Test("a text that is no YAML has ends up to where it is one")
    func broken() {
        #expect(Self.found("a: *b\n") == ["1:4-6 -"] || Self.found("a: *b\n").count == 1)
        #expect(Self.found("\u{feff}listners: {}\n").contains("1:1-9 listeners"))
    }

    @Test(
        "H39 a file that is given up costs no more behind the place where it is",
        .timeLimit(.minutes(1)), arguments: ["[", "[\n", "{a: ", "- ", "? ", "a: &x [*x, ", "a", "\"", "%TAG !"])
    func givenUp(piece: String) throws {
        // Where libyaml is given all of it, the time of some goes with the square of their length: many minutes.
        let count = 1024 * 1024 / piece.utf8.count
        let text =
            piece.hasPrefix("%")
            ? (0..<count).map { "\(piece)\($0)! b\n" }.joined() : String(repeating: piece, count: count)
        let bytes = Array(text.utf8)
        let loaded = PolicyLoader.decode([PolicySource(name: "p", bytes: bytes)])
        let first = try #require(loaded.diagnostics.first)
        #expect(loaded.policy == nil && SourceExcerpt(of: first, in: SourceLines(loaded.sources[0])) != nil)
    }

    @Test("what stands behind a list that is nested too deep has no ends, and what stands before it has")
    func nested() {
        let deep = String(repeating: "[", count: 65) + String(repeating: "]", count: 65)
        #expect(Self.found("{ a: 1, a: 2, b: \(deep), a: 3 }") == ["1:9-10 -", "1:81-? -"])
    }
}
