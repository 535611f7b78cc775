import PolicyModel
import Testing

@testable import PolicyFile

struct YAMLNodeFormTests {
    private func form(_ text: String) throws -> PolicyForm {
        try #require(YAMLParser.parse(PolicySource(name: "p", bytes: Array(text.utf8))).root).form
    }

    @Test(
        "what changes the layout alone is no change",
        arguments: [
            ("a: 1\nb: 2", "b: 2\na: 1"),
            ("a: 1", "# why\n\n\na: 1   # because"),
            ("a: x", "a: \"x\""),
            ("a: x", "'a': 'x'"),
            ("a: [1, x]", "a:\n  - 1\n  - x"),
            ("a: { b: 1, c: ~ }", "a:\n  c:\n  b: 1"),
            ("a: true", "a: True"),
            ("a: &x { k: v }\nb: *x", "a: { k: v }\nb: { k: v }"),
            ("a: \"x y\"", "a: >-\n  x\n  y"),
        ])
    func same(_ one: String, _ other: String) throws {
        #expect(try form(one) == form(other))
    }

    @Test(
        "what says something else is one",
        arguments: [
            ("a: 1", "a: 2"), ("a: 1", "b: 1"), ("a: 1", "a: \"1\""), ("a: true", "a: \"true\""), ("a: ~", "a: \"\""),
            ("a: true", "a: false"), ("a: [1, 2]", "a: [2, 1]"), ("a: [1, 2]", "a: [1]"),
            ("a: [[1], 2]", "a: [[1, 2]]"),
            ("a: x", "a: [x]"), ("a: {}", "a: []"), ("a: {}", "a: ~"), ("a: { b: 1 }\nc: 2", "a: { b: 1, c: 2 }"),
            ("a: xy\nb: z", "a: x\nb: yz"), ("a: 1", "a: 1.0"),
            // To Swift these are the same text.
            ("a: \u{e9}", "a: e\u{301}"),
        ])
    func other(_ one: String, _ other: String) throws {
        #expect(try form(one) != form(other))
    }
}
