import CAllocationCount
import Inspection
import Testing

/// Indices of the patterns that match.
private func hits(_ set: PatternSet, _ text: [UInt8]) -> [Int] {
    var bits = TestBits()
    #expect(set.match(text.span, into: &bits) == .scanned)
    #expect(bits.count == set.count)
    var found: [Int] = []
    bits.forEachSet { found.append($0) }
    return found
}

@Suite struct PatternSetTests {
    @Test("each pattern that matches is said, wherever it does")
    func matching() throws {
        let set = try PatternSet([
            .literal("a.b"), .expression("a.b"), .expression("^x"), .expression("x$"), .expression("(?i)SECRET"),
            .expression(#"\bfoo\b"#), .literal("secret"), .expression("é+"),
        ])
        #expect(set.count == 8)
        #expect(hits(set, []) == [])
        #expect(hits(set, Array("nothing".utf8)) == [])
        #expect(hits(set, Array("a.b".utf8)) == [0, 1])
        #expect(hits(set, Array("acb".utf8)) == [1])
        #expect(hits(set, Array("x".utf8)) == [2, 3])
        #expect(hits(set, Array("xx a.b foo secret éé x".utf8)) == [0, 1, 2, 3, 4, 5, 6, 7])
        #expect(hits(set, Array("secret, a.b".utf8)) == [0, 1, 4, 6])
        #expect(hits(set, [0xff] + Array("secret".utf8) + [0xc3]) == [4, 6])
        #expect(hits(set, Array("a\u{0}b".utf8)) == [1])
    }

    @Test("none, one, and many")
    func counts() throws {
        #expect(hits(try PatternSet([]), Array("a".utf8)) == [])
        #expect(hits(try PatternSet([.literal("a")]), Array("ba".utf8)) == [0])
        #expect(hits(try PatternSet([.literal("a")]), Array("b".utf8)) == [])
        #expect(hits(try PatternSet([.expression("")]), []) == [0])
        let many = try PatternSet((0..<500).map { .literal("w\($0);") })
        #expect(hits(many, Array("w64; w0; w499; w65".utf8)) == [0, 64, 499])
    }

    @Test("the same as each pattern alone")
    func alone() throws {
        let expressions = [
            "a", "ab*", "^a", "b$", "(ab|ba)+", "a.a", "[^a]b", "a{3}", #"\ba"#, "", "b.*a.*b", "é", #"\C\C"#, "c",
        ]
        let set = try PatternSet(expressions.map { .expression($0) })
        let patterns = try expressions.map { try Pattern($0) }
        var state: UInt64 = 7
        for _ in 0..<2000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let alphabet: [UInt8] = [0x61, 0x62, 0x61, 0x62, 0x20, 0xc3, 0xa9, 0xff]
            let text = (0..<Int(state >> 60)).map { alphabet[Int(state >> (UInt64($0) * 3) & 7)] }
            let expected = patterns.indices.filter { patterns[$0].matches(text.span) }
            #expect(hits(set, text) == expected, "\(text)")
        }
    }

    @Test("what is refused says which pattern it is")
    func refused() throws {
        func error(_ patterns: [PatternSet.Source]) -> PatternError? {
            do throws(PatternError) {
                _ = try PatternSet(patterns)
                return nil
            } catch {
                return error
            }
        }
        #expect(error([.literal("a"), .expression("b("), .literal("c")])?.index == 1)
        #expect(error([.literal("a"), .expression("b(")])?.message == "missing ): b(")
        #expect(error([.literal("a"), .literal("")])?.index == 1)
        #expect(error([.literal(String(repeating: "a", count: 8193))])?.message == "longer than 8192 bytes")
        let large = (0..<40).map { PatternSet.Source.expression("((\\pL|\($0)){100}){5}") }
        let whole = error(large)
        #expect(whole?.index == nil)
        #expect(whole?.message == "the patterns take too much memory together")
        // Each of these would fit alone.
        let long = (0..<60).map { PatternSet.Source.literal(String(repeating: "abc\($0)", count: 1300)) }
        #expect(error(long)?.message == "the patterns take too much memory together")
        #expect(error(Array(long[..<8])) == nil)
    }

    @Test("a message that matches nothing costs no allocation", .enabled(if: allocation_count_works() == 1))
    func allocations() throws {
        let set = try PatternSet([.literal("secret"), .expression(#"\d{13,16}"#)])
        var bits = TestBits()
        let text = Array("an ordinary message, 123".utf8)
        _ = set.match(text.span, into: &bits)
        let before = allocation_count()
        for _ in 0..<50 { _ = set.match(text.span, into: &bits) }
        #expect(allocation_count() == before)
        #expect(bits.isEmpty)
    }
}
