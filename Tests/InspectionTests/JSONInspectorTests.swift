import Inspection
import Testing

/// Whether `tokens` lead to such a value in `message`.
private func isFound(_ message: [UInt8], _ tokens: [String], _ expected: JSONPredicate) throws -> Bool {
    let probe = try #require(JSONProbe([JSONPointerTest(pointer: tokens, predicate: expected)]))
    var inspector = JSONInspector()
    return isFound(probe, message, &inspector)
}

private func isFound(_ probe: JSONProbe, _ message: [UInt8], _ inspector: inout JSONInspector) -> Bool {
    var hits = TestBits()
    #expect(inspector.scan(probe, in: message.span, into: &hits) == .scanned)
    return hits[0]
}

private struct Example: Sendable, CustomTestStringConvertible {
    var message: String
    var tokens: [String]
    var expected: JSONPredicate
    var matches: Bool

    init(_ message: String, _ tokens: [String], _ expected: JSONPredicate, _ matches: Bool) {
        self.message = message
        self.tokens = tokens
        self.expected = expected
        self.matches = matches
    }

    var testDescription: String { "\(message.prefix(60)) at \(tokens) is \(expected): \(matches)" }
}

private let admin = JSONPredicate.equals(.string("admin"))

@Suite struct JSONInspectorTests {
    @Test(
        "a value is found where the pointer says",
        arguments: [
            Example(#"{"type":"admin"}"#, ["type"], admin, true),
            Example(#" { "a" : 1 , "type" : "admin" } "#, ["type"], admin, true),
            Example(#"{"type":"guest"}"#, ["type"], admin, false),
            Example(#"{"a":{"token":""}}"#, ["a", "token"], .type(.string), true),
            Example(#"{"a":{"token":"\ud800"}}"#, ["a", "token"], .type(.string), true),
            Example(#"{"a":{"token":7}}"#, ["a", "token"], .type(.string), false),
            Example(#"{"a":{"token":null}} {"a":{"token":"x"}}"#, ["a", "token"], .type(.string), true),
            Example(#"{"a":"token"}"#, ["a", "token"], .type(.string), false),
            Example(#"{"Type":"admin"}"#, ["type"], admin, false),
            Example(#"{"a":{"type":"admin"}}"#, ["type"], admin, false),
            Example(#"{"a":{"type":"admin"}}"#, ["a", "type"], admin, true),
            Example(#"{"a":[{"b":[1,{"c":true}]}]}"#, ["a", "0", "b", "1", "c"], .equals(.boolean(true)), true),
            Example(#"{"type":{"type":"admin"}}"#, ["type"], admin, false),
            Example(#"{"type":["admin"]}"#, ["type"], admin, false),
            Example(#"{"":"admin"}"#, [""], admin, true),
            Example(#"{"a/b":{"m~n":"admin"}}"#, ["a/b", "m~n"], admin, true),
            Example(#""admin""#, [], admin, true),
            Example(#""admin""#, ["type"], admin, false),
            Example(#"{}"#, ["type"], admin, false),
            Example(#"[]"#, ["0"], admin, false),
            Example("", ["type"], admin, false),
            Example(#"{"type":""}"#, ["type"], .equals(.string("")), true),
            Example(#"{"clé":"été"}"#, ["clé"], .equals(.string("été")), true),
        ])
    private func pointer(_ example: Example) throws {
        let found = try isFound(Array(example.message.utf8), example.tokens, example.expected)
        #expect(found == example.matches)
    }

    @Test(
        "what an upstream would see cannot be hidden",
        arguments: [
            // Any of several keys counts, at every level.
            Example(#"{"type":"guest","type":"admin"}"#, ["type"], admin, true),
            Example(#"{"type":"admin","type":"guest"}"#, ["type"], admin, true),
            Example(#"{"a":{"type":"x"},"a":{"type":"y","type":"admin"}}"#, ["a", "type"], admin, true),
            Example(#"{"a":5,"a":{"type":"admin"}}"#, ["a", "type"], admin, true),
            Example(#"{"a":{"b":[1,2]},"a":{"b":[1,3]}}"#, ["a", "b", "1"], .equals(.integer(3)), true),
            // Escapes.
            Example(#"{"ty\u0070e":"admin"}"#, ["type"], admin, true),
            Example(#"{"type":"\u0061d\u006din"}"#, ["type"], admin, true),
            Example(#"{"\u0074\u0079\u0070\u0065":"adm\u0069n"}"#, ["type"], admin, true),
            Example(#"{"q\"":"\ud83d\ude00"}"#, ["q\""], .equals(.string("😀")), true),
            // Lone surrogates, which JavaScript takes, hide nothing.
            Example(#"{"\ud800":1,"type":"admin"}"#, ["type"], admin, true),
            Example(#"{"x":"\ud800","type":"\udc00","type":"admin"}"#, ["type"], admin, true),
            // Bytes behind the first value, and several values.
            Example(#"{"type":"admin"} x"#, ["type"], admin, true),
            Example(#"{"type":"admin"}}"#, ["type"], admin, true),
            Example(#"{"type":"admin"} ""#, ["type"], admin, true),
            Example("{\"type\":\"guest\"}\u{1E}{\"type\":\"admin\"}\u{1E}", ["type"], admin, true),
            Example("{\"type\":\"guest\"}\n{\"type\":\"admin\"}", ["type"], admin, true),
            Example("[1]\n{\"type\":\"admin\"}", ["type"], admin, true),
            Example("1\n{\"type\":\"admin\"}", ["type"], admin, true),
            Example("[[2]]\n[[1]]", ["0", "0"], .equals(.integer(1)), true),
            Example(#"1 "a" null "admin""#, [], admin, true),
            Example("[2, ], 1]", [], .equals(.integer(1)), true),
            Example("[,], 1]", [], .equals(.integer(1)), true),
            Example(#"[2, "a":3, ], 1]"#, [], .equals(.integer(1)), true),
            Example(#"{"a":], 1}"#, [], .equals(.integer(1)), true),
            // A byte order mark, and control characters.
            Example("\u{FEFF}{\"type\":\"admin\"}", ["type"], admin, true),
            Example("{\"x\":\"a\nb\",\"type\":\"admin\"}", ["type"], admin, true),
            Example("{\"x\":\"a\u{0}b\",\"type\":\"admin\"}", ["type"], admin, true),
        ])
    private func hiding(_ example: Example) throws {
        let found = try isFound(Array(example.message.utf8), example.tokens, example.expected)
        #expect(found == example.matches)
    }

    @Test(
        "numbers compare by value",
        arguments: [
            Example("[1]", ["0"], .equals(.integer(1)), true),
            Example("[1.0]", ["0"], .equals(.integer(1)), true),
            Example("[1e0]", ["0"], .equals(.integer(1)), true),
            Example("[1.000000000000000000000000000]", ["0"], .equals(.integer(1)), true),
            Example("[100000000000000000000000e-23]", ["0"], .equals(.integer(1)), true),
            Example("[1.50000000000000000000000]", ["0"], .equals(.double(1.5)), true),
            Example("[10e-1]", ["0"], .equals(.integer(1)), true),
            Example("[1.0000000000000000000001]", ["0"], .equals(.integer(1)), true),
            Example("[-0]", ["0"], .equals(.integer(0)), true),
            Example("[-0.0]", ["0"], .equals(.integer(0)), true),
            Example("[1.5]", ["0"], .equals(.integer(1)), false),
            Example("[\"1\"]", ["0"], .equals(.integer(1)), false),
            Example("[true]", ["0"], .equals(.integer(1)), false),
            Example("[1]", ["0"], .equals(.double(1)), true),
            Example("[1.5]", ["0"], .equals(.double(1.5)), true),
            Example("[15e-1]", ["0"], .equals(.double(1.5)), true),
            Example("[9007199254740993]", ["0"], .equals(.integer(9_007_199_254_740_993)), true),
            Example("[9007199254740992]", ["0"], .equals(.integer(9_007_199_254_740_993)), false),
            Example("[9007199254740993]", ["0"], .equals(.double(9_007_199_254_740_992)), false),
            Example("[9223372036854775807]", ["0"], .equals(.integer(.max)), true),
            Example("[9223372036854775808]", ["0"], .equals(.integer(.max)), false),
            Example("[9223372036854775808]", ["0"], .equals(.double(9_223_372_036_854_775_808)), true),
            Example("[-9223372036854775808]", ["0"], .equals(.integer(.min)), true),
            Example("[-9223372036854775808.0]", ["0"], .equals(.integer(.min)), true),
            Example("[18446744073709551615]", ["0"], .equals(.integer(-1)), false),
            Example("[100000000000000000000]", ["0"], .equals(.double(1e20)), true),
            Example("[1e400]", ["0"], .equals(.integer(1)), false),
            Example("[1x]", ["0"], .equals(.integer(1)), false),
            Example("1", [], .equals(.integer(1)), true),
            Example("1.000000000000000000000000000", [], .equals(.integer(1)), true),
            Example("100000000000000000000", [], .equals(.double(1e20)), true),
            Example("100000000000000000000", [], .equals(.double(1e19)), false),
            Example("{}", [], .equals(.null), false),
            Example("[1]", [], .equals(.integer(1)), false),
            Example("-1.0e0", [], .equals(.integer(-1)), true),
            Example("[true]", ["0"], .equals(.boolean(true)), true),
            Example("[false]", ["0"], .equals(.boolean(true)), false),
            Example("[0]", ["0"], .equals(.boolean(false)), false),
            Example("[null]", ["0"], .equals(.null), true),
            Example("[0]", ["0"], .equals(.null), false),
            Example("[nul]", ["0"], .equals(.null), false),
            Example("null", [], .equals(.null), true),
            Example("true", [], .equals(.boolean(true)), true),
        ])
    private func scalars(_ example: Example) throws {
        let found = try isFound(Array(example.message.utf8), example.tokens, example.expected)
        #expect(found == example.matches)
    }

    @Test(
        "array indices as in RFC 6901 section 4",
        arguments: [
            Example("[7,8]", ["1"], .equals(.integer(8)), true),
            Example("[7,8]", ["01"], .equals(.integer(8)), false),
            Example("[7,8]", ["-"], .equals(.integer(8)), false),
            Example("[7,8]", ["+1"], .equals(.integer(8)), false),
            Example("[7,8]", ["2"], .equals(.integer(8)), false),
            Example("[7,8]", ["18446744073709551617"], .equals(.integer(8)), false),
            Example(#"{"01":8}"#, ["01"], .equals(.integer(8)), true),
            Example(#"{"0":8}"#, ["0"], .equals(.integer(8)), true),
            Example("[[1,2],[3,4]]", ["1", "0"], .equals(.integer(3)), true),
        ])
    private func indices(_ example: Example) throws {
        let found = try isFound(Array(example.message.utf8), example.tokens, example.expected)
        #expect(found == example.matches)
    }

    @Test(
        "what is not JSON: found before the error counts, else no match",
        arguments: [
            Example(#"{"type":"admin","x":[1,}"#, ["type"], admin, true),
            Example(#"{"x":[1,},"type":"admin"}"#, ["type"], admin, true),
            Example(#"{"x":[1,]],"type":"admin"}"#, ["type"], admin, false),
            Example(#"{"type":"admin",}"#, ["type"], admin, true),
            Example(#"{"type":"admin" "x":1}"#, ["type"], admin, true),
            Example(#"{"x":1 "type":"admin"}"#, ["type"], admin, false),
            Example(#"{x:1,"type":"admin"}"#, ["type"], admin, false),
            Example(#"{"type":"admin"#, ["type"], admin, false),
            Example(#"{"type""#, ["type"], admin, false),
            Example(#"{"type":}"#, ["type"], admin, false),
            Example("{", ["type"], admin, false),
            Example("}", ["type"], admin, false),
            Example("\"", [], admin, false),
            Example("\\", [], admin, false),
            Example(",,,:::", ["type"], admin, false),
        ])
    private func malformed(_ example: Example) throws {
        let found = try isFound(Array(example.message.utf8), example.tokens, example.expected)
        #expect(found == example.matches)
    }

    @Test("bytes that are not UTF-8 hide nothing behind them")
    func notUTF8() throws {
        let message = Array(#"{"x":"a"#.utf8) + [0xff, 0xed, 0xa0, 0x80] + Array(#"","type":"admin"}"#.utf8)
        #expect(try isFound(message, ["type"], admin))
    }

    @Test(
        "H14 UTF-16 and UTF-32, which Python reads as JSON, hide nothing",
        arguments: [
            (2, false, false), (2, false, true), (2, true, false), (2, true, true), (4, false, false), (4, false, true),
            (4, true, false), (4, true, true),
        ])
    func wide(_ width: Int, _ isBig: Bool, _ hasMark: Bool) throws {
        func encoded(_ text: String) -> [UInt8] {
            let marked = (hasMark ? "\u{feff}" : "") + text
            let units = width == 2 ? marked.utf16.map(UInt32.init) : marked.unicodeScalars.map(\.value)
            return units.flatMap { unit in
                let bytes = (0..<width).map { UInt8(truncatingIfNeeded: unit >> UInt32(8 * $0)) }
                return isBig ? bytes.reversed() : bytes
            }
        }
        let guest = encoded(#"{"type":"guest"}"#)
        #expect(try isFound(encoded(#"{"x":"é😀","ty\u0070e":"admin"}"#), ["type"], admin))
        #expect(try !isFound(guest, ["type"], admin))
        #expect(try isFound(encoded(#"{"é":"😀"}"#), ["é"], .equals(.string("😀"))))
        #expect(try isFound(encoded("{\"type\":\"x\"}\u{1e}{\"type\":\"admin\"}"), ["type"], admin))
        #expect(try isFound(encoded("1"), [], .equals(.integer(1))))
        // As many bytes as are left, in the middle of a character as well.
        let message = encoded(#"["\#(String(repeating: "世😀", count: 4000))",1]"#)
        #expect(try isFound(message, ["1"], .equals(.integer(1))))
        for end in 0..<min(60, guest.count) { _ = try isFound(Array(guest[..<end]), ["type"], admin) }
        // Half of a surrogate pair is a character of its own.
        if width == 2, !isBig {
            var broken = encoded(#"{"x":"x","type":"admin"}"#)
            let place = (hasMark ? 2 : 0) + 12
            (broken[place], broken[place + 1]) = (0x3d, 0xd8)
            #expect(try isFound(broken, ["type"], admin))
        }
    }

    @Test("nesting neither ends the process nor hides what stands beside it")
    func nesting() throws {
        for depth in [10, 1_000, 1_100, 100_000] {
            let nest = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            #expect(try isFound(Array(#"{"x":\#(nest),"type":"admin"}"#.utf8), ["type"], admin))
            #expect(try !isFound(Array(String(repeating: "[", count: depth).utf8), ["0", "0"], admin))
            #expect(try !isFound(Array(String(repeating: #"{"type":"#, count: depth).utf8), ["type"], admin))
        }
        let deep = Array(repeating: "a", count: 256)
        let message = String(repeating: #"{"a":"#, count: 256) + "1" + String(repeating: "}", count: 256)
        #expect(try isFound(Array(message.utf8), deep, .equals(.integer(1))))
        #expect(JSONProbe([JSONPointerTest(pointer: deep + ["a"], predicate: .exists)]) == nil)
    }

    @Test("one inspector serves messages of all sizes, one after another")
    func reuse() throws {
        let probe = try #require(JSONProbe([JSONPointerTest(pointer: ["type"], predicate: admin)]))
        var inspector = JSONInspector()
        for size in [0, 1, 31, 63, 64, 65, 4_000, 4_096, 70_000, 10, 1_000_000, 3] {
            let padding = String(repeating: "x", count: size)
            let guest = Array(#"{"p":"\#(padding)","type":"guest"}"#.utf8)
            let match = Array(#"{"p":"\#(padding)","type":"admin"}"#.utf8)
            #expect(!isFound(probe, guest, &inspector))
            #expect(isFound(probe, match, &inspector))
        }
    }

    @Test("every truncation and every changed byte ends in an answer")
    func mutations() throws {
        let probe = try #require(JSONProbe([JSONPointerTest(pointer: ["a", "1", "type"], predicate: admin)]))
        let message = Array(#"{"x":[true,null,-1.5e3,"\u00e9\n"],"a":[{},{"type":"admin"}],"z":{}}"#.utf8)
        var inspector = JSONInspector()
        let whole = message.count - #"}],"z":{}}"#.utf8.count
        for end in 0..<message.count {
            // What is whole is found, though the message is not.
            #expect(isFound(probe, Array(message[..<end]), &inspector) == (end >= whole), "\(end)")
        }
        for index in message.indices {
            for byte in [0, 0x0a, 0x22, 0x2c, 0x3a, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x80, 0xff] as [UInt8] {
                var changed = message
                changed[index] = byte
                _ = isFound(probe, changed, &inspector)
            }
        }
    }
}
