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
}
