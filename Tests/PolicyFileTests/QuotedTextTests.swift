import Testing

@testable import PolicyFile

struct QuotedTextTests {
    @Test(
        "text out of a file is harmless on a terminal",
        arguments: [
            ("plain", "`plain`"), ("a\u{1b}[31m", "`a\\u{1b}[31m`"), ("a\r\nb", "`a\\u{d}\\u{a}b`"),
            ("\u{202e}x", "`\\u{202e}x`"), ("\u{2028}", "`\\u{2028}`"), ("é", "`é`"),
            (String(repeating: "x", count: 61), "`" + String(repeating: "x", count: 60) + "…`"),
        ])
    func quoting(_ text: String, _ expected: String) {
        #expect(quoted(text) == expected)
    }

    @Test(
        "lists of words",
        arguments: [
            ([], "nothing"), (["a"], "`a`"), (["a", "b"], "`a` or `b`"), (["a", "b", "c"], "`a`, `b` or `c`"),
        ])
    func words(_ words: [String], _ expected: String) {
        #expect(alternatives(words) == expected)
    }
}
