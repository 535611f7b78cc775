import Testing

@testable import PolicyFile

struct SuggestionTests {
    @Test(
        "keys",
        arguments: [
            ("pathPrefix", ["path", "path_prefix"], "path_prefix"), ("sourceRange", ["allow", "deny"], "allow"),
            ("rateLimit", ["ip_filter", "connection_rate"], "connection_rate"), ("average", ["rate", "burst"], "rate"),
            ("allowed_origins", ["allow", "missing"], "allow"),
            ("client_max_payload", ["message_bytes", "fragments"], "message_bytes"),
            ("alow", ["allow", "deny"], "allow"),
            ("lenght", ["length"], "length"), ("middelware", ["middleware"], "middleware"), ("xy", ["do"], nil),
            ("form", ["from"], "from"), ("certificats", ["certificate"], "certificate"), ("sourceRange", ["rate"], nil),
            ("", ["do"], nil),
        ] as [(String, [String], String?)])
    func keys(_ word: String, _ keys: [String], _ expected: String?) {
        #expect(Suggestion.key(for: word, among: keys) == expected)
    }

    @Test(
        "distances",
        arguments: [
            ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3),
            ("abcd", "badc", 2),
        ])
    func distances(_ left: String, _ right: String, _ expected: Int) {
        #expect(Suggestion.distance(Array(left.unicodeScalars), Array(right.unicodeScalars)) == expected)
    }

    @Test("a word without end costs no more than a long one")
    func longWords() {
        #expect(Suggestion.nearest(to: String(repeating: "a", count: 60_000), among: ["allow"]) == nil)
    }
}
