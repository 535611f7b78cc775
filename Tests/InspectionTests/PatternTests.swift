import CAllocationCount
import Inspection
import Testing

private struct Example: Sendable, CustomTestStringConvertible {
    var expression: String
    var text: [UInt8]
    /// Where the first match is.
    var match: Range<Int>?

    init(_ expression: String, _ text: String, _ match: Range<Int>?) {
        self.init(expression, Array(text.utf8), match)
    }

    init(_ expression: String, _ text: [UInt8], _ match: Range<Int>?) {
        self.expression = expression
        self.text = text
        self.match = match
    }

    var testDescription: String { "\(expression) in \(String(decoding: text, as: UTF8.self).prefix(60))" }
}

extension Pattern {
    fileprivate func matches(_ text: [UInt8]) -> Bool { matches(text.span) }

    fileprivate func firstMatch(in text: [UInt8], from start: Int, into match: inout PatternMatch) -> Bool {
        firstMatch(in: text.span, from: start, into: &match)
    }
}

/// All matches of `pattern`, one search behind the other.
private func matches(of pattern: Pattern, in text: [UInt8]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var match = PatternMatch()
    var start = 0
    while pattern.firstMatch(in: text.span, from: start, into: &match) {
        found.append(match.range)
        start = Pattern.nextStart(after: match, in: text.span)
    }
    return found
}

@Suite struct PatternTests {
    @Test(
        "the first match",
        arguments: [
            Example("b+", "abbbc", 1..<4),
            Example("x", "abc", nil),
            Example("", "abc", 0..<0),
            Example("", "", 0..<0),
            Example("a", "", nil),
            Example("^b", "ab", nil),
            Example("c$", "abc", 2..<3),
            Example("a|ab", "ab", 0..<1),
            Example(#"\b\d{13,16}\b"#, "card 4111111111111111.", 5..<21),
            Example("(?i)SECRET", "a Secret", 2..<8),
            Example("é", "été", 0..<2),
            Example(".t.", "été", 0..<5),
            Example("a.b", "a\nb", nil),
            Example("(?s)a.b", "a\nb", 0..<3),
            Example("a\\x00b", [0x61, 0, 0x62], 0..<3),
            // A byte that is not UTF-8 hides nothing that stands before or behind it, and no match goes across it.
            Example("admin", [0xff] + Array("admin".utf8), 1..<6),
            Example("admin", [0xe2, 0x82] + Array("admin".utf8) + [0xff], 2..<7),
            Example("ad.*min", Array("ad".utf8) + [0xff] + Array("min".utf8), nil),
            Example(#"ad\C*min"#, Array("ad".utf8) + [0xff] + Array("min".utf8), 0..<6),
            Example(".", [0xff, 0xfe], nil),
            Example(".", [0xc0, 0x80, 0xe2, 0x61], 3..<4),
        ])
    private func first(_ example: Example) throws {
        let pattern = try Pattern(example.expression)
        #expect(pattern.matches(example.text) == (example.match != nil))
        var match = PatternMatch()
        #expect(pattern.firstMatch(in: example.text, from: 0, into: &match) == (example.match != nil))
        if let range = example.match { #expect(match.range == range) }
    }

    @Test("a literal stands for itself")
    func literal() throws {
        let pattern = try Pattern(literal: #"a.*(b)\"#)
        #expect(pattern.groupNames.isEmpty)
        #expect(pattern.matches(Array(#"xa.*(b)\"#.utf8)))
        #expect(!pattern.matches(Array("aab".utf8)))
        #expect(throws: PatternError.self) { try Pattern(literal: "") }
    }

    @Test("a search goes on where it is told, and sees what stands before")
    func start() throws {
        let text = Array("foo bar foobar foo".utf8)
        let word = try Pattern(#"\bfoo\b"#)
        var match = PatternMatch()
        #expect(word.firstMatch(in: text, from: 1, into: &match))
        #expect(match.range == 15..<18)
        #expect(!word.firstMatch(in: text, from: 16, into: &match))
        #expect(!word.firstMatch(in: text, from: 19, into: &match))
        #expect(!word.firstMatch(in: text, from: -1, into: &match))
        #expect(!(try Pattern("^bar")).firstMatch(in: text, from: 4, into: &match))
    }

    @Test("named groups, in the order in which they open")
    func groups() throws {
        let pattern = try Pattern(#"(?P<user>\w+)(-(\d))?@(?P<host>\w+)(:(?P<port>\d*))?"#)
        #expect(pattern.groupNames == ["user", "host", "port"])
        var match = PatternMatch()
        let text = Array("to a@b or c-5@d:".utf8)
        #expect(pattern.firstMatch(in: text, from: 0, into: &match))
        #expect(match.range == 3..<6)
        #expect((0..<3).map { match[group: $0] } == [3..<4, 5..<6, nil])
        #expect(pattern.firstMatch(in: text, from: 6, into: &match))
        #expect(match.range == 10..<16)
        #expect((0..<3).map { match[group: $0] } == [10..<11, 14..<15, 16..<16])
        #expect(match[group: 3] == nil)
        #expect(match[group: -1] == nil)
        #expect(match[group: 16] == nil)
    }

    @Test("a group that takes no part does not keep the place it had in the match before")
    func staleGroups() throws {
        let pattern = try Pattern("(?P<a>a)|(?P<b>b)")
        var match = PatternMatch()
        #expect(pattern.firstMatch(in: Array("ab".utf8), from: 0, into: &match))
        #expect(match[group: 0] == 0..<1 && match[group: 1] == nil)
        #expect(pattern.firstMatch(in: Array("ab".utf8), from: 1, into: &match))
        #expect(match[group: 0] == nil && match[group: 1] == 1..<2)
        #expect((try Pattern("(?P<e>)x?")).firstMatch(in: [UInt8](), from: 0, into: &match))
        #expect(match[group: 0] == 0..<0)
    }

    @Test("all matches, empty ones too, in finitely many steps and by whole characters")
    func all() throws {
        func all(_ expression: String, _ text: [UInt8]) throws -> [Range<Int>] {
            matches(of: try Pattern(expression), in: text)
        }
        #expect(try all("a", Array("banana".utf8)) == [1..<2, 3..<4, 5..<6])
        #expect(try all("aa", Array("aaaaa".utf8)) == [0..<2, 2..<4])
        #expect(try all("", []) == [0..<0])
        #expect(try all("", Array("a€😀".utf8)) == [0..<0, 1..<1, 4..<4, 8..<8])
        #expect(try all("x*", Array("axb".utf8)) == [0..<0, 1..<2, 2..<2, 3..<3])
        #expect(try all("", [0xff, 0xe2, 0x82, 0x61]).map(\.lowerBound) == [0, 1, 3, 4])
        #expect(try all("", [0x80, 0x80, 0x80]).count == 4)
        #expect(try all("$", Array("ab".utf8)) == [2..<2])
    }

    @Test("what is refused, and what is said of it")
    func refused() throws {
        func message(_ expression: String) -> String? {
            do throws(PatternError) {
                _ = try Pattern(expression)
                return nil
            } catch {
                return error.message
            }
        }
        #expect(message("a(b") == "missing ): a(b")
        #expect(message("[z-a]") == "invalid character class range: z-a")
        #expect(message(#"(a)\1"#) == #"invalid escape sequence: \1"#)
        #expect(message("(?P<n>a)|(?P<n>b)") == "duplicate group name: n")
        #expect(message("a{1001}") == "invalid repetition size: {1001}")
        #expect(message("((\\pL{100}){10}){2}") != nil)
        #expect(message(String(repeating: "a", count: 8192)) == nil)
        #expect(message(String(repeating: "a", count: 8193)) == "longer than 8192 bytes")
        let named = (0..<16).map { "(?P<g\($0)>a)" }.joined()
        #expect(message(named) == nil)
        #expect(message(named + "(?P<g16>a)") == "more than 16 named groups")
        let groups = String(repeating: "(a)", count: 127)
        #expect(message(groups + "(?P<n>a)") == nil)
        #expect(message(groups + "(a)(?P<n>a)") == "a named group behind 128 others: n")
        // However long the offending piece is.
        #expect(message("(" + String(repeating: "é", count: 4000))?.hasPrefix("missing )") == true)
    }

    @Test(
        "time and memory are bounded whatever the text",
        arguments: ["(a*)*b", "(x+x+)+y", "(?s).*(.*)(.*)$x", "(a|aa)+$"])
    func linear(_ expression: String) throws {
        let pattern = try Pattern(expression)
        #expect(!pattern.matches((Array(repeating: UInt8(ascii: "a"), count: 1 << 20) + [0x63])))
        // States that outgrow the cache.
        let many = try Pattern("(?s)[ab]*a[ab]{13}c")
        var state: UInt64 = 1
        let text = (0..<1 << 16).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return state >> 40 & 1 == 0 ? 0x61 : 0x62
        }
        #expect(!many.matches(text))
        var match = PatternMatch()
        #expect(many.firstMatch(in: (text + [0x63]), from: 0, into: &match) == (text[text.count - 14] == 0x61))
    }

    @Test("a search costs no allocation of its own", .enabled(if: allocation_count_works() == 1))
    func allocations() throws {
        let pattern = try Pattern(#"(?P<key>\w+)=(?P<value>\w+)"#)
        let text = Array("; ; a=1; b=2; c".utf8)
        var match = PatternMatch()
        var before = allocation_count()
        for round in 0..<50 {
            // By then RE2 has met all that there is.
            if round == 2 { before = allocation_count() }
            var start = 0
            while pattern.firstMatch(in: text, from: start, into: &match) {
                start = Pattern.nextStart(after: match, in: text.span)
            }
            _ = pattern.matches(text)
        }
        #expect(allocation_count() == before)
    }
}
