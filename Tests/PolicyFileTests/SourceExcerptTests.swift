import PolicyModel
import Testing

@testable import PolicyFile

struct SourceExcerptTests {
    private static func excerpt(
        _ text: String, line: Int, column: Int, end: Int? = nil, width: Int = 40
    ) -> SourceExcerpt? {
        var diagnostic = Diagnostic(position: SourcePosition(file: "p", line: line, column: column), message: "m")
        diagnostic.endColumn = end
        return SourceExcerpt(
            of: diagnostic, in: SourceLines(PolicySource(name: "p", bytes: Array(text.utf8))), width: width)
    }

    @Test("a line, and a mark under the word")
    func lines() {
        #expect(
            Self.excerpt("a: 1\nmode: shadwo\n", line: 2, column: 7, end: 13)?.lines == [
                "  2 | mode: shadwo", "    |       ^~~~~~",
            ])
        #expect(Self.excerpt("a: 1\nmode: shadwo\n", line: 1, column: 4)?.lines == ["  1 | a: 1", "    |    ^"])
    }

    @Test(
        "what a terminal shows of it",
        arguments: [
            // Tabs stand at every fourth column.
            ("\ta:\tb", 5, nil, "    a:  b", 8, "^"),
            // Two columns each, and none.
            ("名前: x", 1, 3, "名前: x", 0, "^~~~"), ("名前: x", 5, 6, "名前: x", 6, "^"),
            ("e\u{301}: x", 4, nil, "e\u{301}: x", 2, "^"), ("a: 👋 b", 6, nil, "a: 👋 b", 6, "^"),
            // Nothing that steers it.
            ("a: \u{1b}[31m", 4, nil, "a: \\u{1b}[31m", 3, "^~~~~~"),
            ("a: \u{202e}x", 5, nil, "a: \\u{202e}x", 11, "^"),
            // A place behind the end.
            ("a:", 3, nil, "a:", 2, "^"), ("", 1, nil, "", 0, "^"),
        ] as [(String, Int, Int?, String, Int, String)])
    func shown(_ text: String, _ column: Int, _ end: Int?, _ shown: String, _ indentation: Int, _ mark: String) {
        let excerpt = Self.excerpt(text, line: 1, column: column, end: end)
        #expect(excerpt?.text == shown)
        #expect(excerpt?.indentation == indentation)
        #expect(excerpt?.mark == mark)
    }

    @Test("a long line is cut around the place")
    func cut() throws {
        let line = String(repeating: "ab", count: 50) + "HERE" + String(repeating: "cd", count: 3000)
        let middle = try #require(Self.excerpt(line, line: 1, column: 101, end: 105))
        #expect(
            middle.text == "…" + String(repeating: "ab", count: 8) + "HERE" + String(repeating: "cd", count: 9) + "…")
        #expect(middle.indentation == 17 && middle.mark == "^~~~")
        #expect(middle.text.count == 40)
        let start = try #require(Self.excerpt(line, line: 1, column: 3))
        #expect(start.text == String(repeating: "ab", count: 19) + "a…" && start.indentation == 2)
        let end = try #require(Self.excerpt(line, line: 1, column: 6104))
        #expect(end.text == "…d" + String(repeating: "cd", count: 8))
        #expect(end.indentation == 17)
        let long = try #require(Self.excerpt(line, line: 1, column: 101, end: 5000))
        #expect(long.indentation + long.mark.count == 39)
    }

    @Test("places far behind in a line are found, whatever characters it has")
    func far() throws {
        for (character, width) in [("a", 1), ("é", 1), ("名", 2), ("👋", 2)] {
            let line = String(repeating: character, count: 5000) + "HERE" + String(repeating: character, count: 5000)
            for column in [5001, 1, 1024, 1025, 1026, 4097, 10004] {
                let excerpt = try #require(Self.excerpt(line, line: 1, column: column))
                let place = excerpt.text.unicodeScalars.dropFirst(excerpt.text.hasPrefix("…") ? 1 : 0)
                let shown = place.dropFirst((excerpt.indentation - (excerpt.text.hasPrefix("…") ? 1 : 0)) / width).first
                let expected = (5001...5004).contains(column) ? "H" : character
                #expect(shown.map { String($0) } == expected, "\(character) \(column)")
            }
        }
    }

    @Test("a line that just fits is whole")
    func fits() {
        let line = String(repeating: "x", count: 40)
        #expect(Self.excerpt(line, line: 1, column: 40)?.text == line)
        #expect(Self.excerpt(line + "y", line: 1, column: 1)?.text == String(repeating: "x", count: 39) + "…")
        #expect(Self.excerpt("名" + String(repeating: "x", count: 38), line: 1, column: 1)?.text.count == 39)
    }

    @Test("no such line, no excerpt")
    func none() {
        #expect(Self.excerpt("a", line: 2, column: 1) == nil)
        #expect(Self.excerpt("a", line: 0, column: 1) == nil)
    }

    @Test("lines end where YAML has them end")
    func breaks() {
        for text in ["a\nb", "a\r\nb", "a\rb", "a\u{85}b", "a\u{2028}b", "a\u{2029}b", "\u{feff}a\nb"] {
            #expect(Self.excerpt(text, line: 2, column: 1)?.text == "b", "\(text.debugDescription)")
            #expect(Self.excerpt(text, line: 1, column: 1)?.text == "a", "\(text.debugDescription)")
            #expect(Self.excerpt(text, line: 3, column: 1) == nil)
        }
    }

    @Test("what is no UTF-8 is shown all the same")
    func invalid() {
        let lines = SourceLines(PolicySource(name: "p", bytes: [0x61, 0xff, 0xfe, 0x62]))
        let diagnostic = Diagnostic(position: SourcePosition(file: "p", line: 1, column: 2), message: "m")
        #expect(SourceExcerpt(of: diagnostic, in: lines)?.text == "a\u{fffd}\u{fffd}b")
    }
}
