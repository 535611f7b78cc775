import CAllocationCount
import Inspection
import Testing

private func outcome(_ text: [UInt8]) -> JSONDocumentReader.Outcome {
    var reader = JSONDocumentReader()
    return reader.read(text.span)
}

private func outcome(_ text: String) -> JSONDocumentReader.Outcome { outcome(Array(text.utf8)) }

/// A document as text again: numbers as kind alone, strings as they are.
private func summary(_ text: String) throws -> String {
    var reader = JSONDocumentReader()
    try #require(reader.read(Array(text.utf8).span) == .json)
    let summary = reader.withDocument { document in
        var parts: [String] = []
        for index in 0..<document.count {
            let kind = document.kind(index)
            let detail = document.string(index) ?? (document.isTrue(index) ? "true" : "\(document.children(index))")
            parts.append("\(kind) \(detail) \(document.place(index)) \(document.next(index))")
        }
        return parts.joined(separator: "; ")
    }
    return try #require(summary)
}

@Suite struct JSONDocumentReaderTests {
    @Test(
        "JSON",
        arguments: [
            "{}", "[]", "null", "true", "false", "0", "-0", "1", "-12", "1.5", "0.5e1", "1E+2", "1e-2", #""""#, " [ ] ",
            "\t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } }\n", #""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#,
            "\"\u{7f}\u{2028}\"",
            "123456789012345678901234567890", "-123456789012345678901234567890", "1e400", "-1e400", "1e-400",
            "0.00000000000000000000000000000000000000001", "1e99999999999999999999", #"{"a":1,"a":2}"#, #"{"":0}"#,
            "18446744073709551615", "18446744073709551616", "9223372036854775808", "[[[[[[]]]]]]", "\"\u{fffd}\"",
            "3.14159265358979323846264338327950288", "[1,[2],{\"a\":{}}]", #""\u0000""#, #"["]","}",",",":"]"#,
        ])
    func json(_ text: String) { #expect(outcome(text) == .json) }

    @Test(
        "not JSON",
        arguments: [
            "", " ", "{", "}", "[", "]", ",", ":", "[1", "[1,", "[1,]", "[,1]", "[,]", "{,}", #"{"a"}"#, #"{"a":}"#,
            #"{"a":1,}"#, #"{"a" 1}"#, #"{"a":1 "b":2}"#, "{1:2}", "{a:1}", "[1:2]", "[1}", "{]", "[1 2]", "1 2",
            "{}{}",
            "[][]", "{},", "nul", "nulll", "null1", "tru", "truefalse", "falsee", "True", "NULL", "NaN", "Infinity",
            "-Infinity", "01", "-01", "00", "1.", ".5", "-", "-a", "+1", "1e", "1e+", "1e-", "1.e5", "1.5.5", "0x10",
            "1_000",
            "1a", #"1"a""#, #""a"1"#, #""a""b""#, #""a"b"#, "'a'", #"""#, #""\"#, #""\""#, #""\x41""#, #""\u12""#,
            #""\u12g4""#, #""\ud800""#, #""\udc00""#, #""\ud800\ud800""#, #""\ud800A""#, #""\ud800\n""#, #""\U0041""#,
            "\"a\nb\"", "\"\u{1}\"", "\"\t\"", "// a\n1", "/* a */1", "[1] // a", "\u{feff}{}", "\u{a0}1", "1\u{0}",
            "\u{c}1", "[1\u{1a}2]", "[1\u{c}2]", "\u{0}", "{\"a\":1\u{0}}", "[\"a\",\u{b}1]", "\u{1e}{}", "e1", "[-]",
            "[--1]",
        ])
    func notJSON(_ text: String) { #expect(outcome(text) == .notJSON) }

    @Test(
        "bytes that are not UTF-8 are not JSON",
        arguments: [
            [0x22, 0xff, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0x22, 0xe2, 0x82, 0x22],
            [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22], [0x5b, 0x80, 0x5d],
        ] as [[UInt8]])
    func notUTF8(_ text: [UInt8]) { #expect(outcome(text) == .notJSON) }

    @Test("nodes: kinds, places, and what stands behind each")
    func nodes() throws {
        #expect(
            try summary(#" {"a":[1,-2.5,"x\n"],"b":{}} "#)
                == "object 2 1..<28 8; string a 2..<5 2; array 3 6..<20 6; integer 0 7..<8 4; fraction 0 9..<13 5; "
                + "string x\n 14..<19 6; string b 21..<24 7; object 0 25..<27 8")
        #expect(try summary("true") == "boolean true 0..<4 1")
        #expect(try summary(" null\n") == "null 0 1..<5 1")
    }

    @Test(
        "escapes are resolved",
        arguments: [
            (#""\u0041\u00e9\u20ac\ud83d\ude00""#, "Aé€😀"), (#""\/\"\\""#, "/\"\\"), (#""a\u0000b""#, "a\0b"),
            (#""x\\u0041""#, #"x\u0041"#), (#""\uD834\uDD1E""#, "\u{1D11E}"),
        ])
    func escapes(_ text: String, _ expected: String) throws {
        var reader = JSONDocumentReader()
        #expect(reader.read(Array(text.utf8).span) == .json)
        #expect(reader.withDocument { $0.string(0) } == expected)
    }

    @Test(
        "whole numbers are whole however they are written",
        arguments: [
            ("1.0", .integer), ("100e-2", .integer), ("1.5e1", .integer), ("-0.0", .integer), ("0e5", .integer),
            ("1e300", .integer), ("12345678901234567890123", .integer), ("9007199254740993.5", .fraction),
            ("0.99999999999999999999999", .fraction), ("1.00000000000000000000000", .integer), ("1e400", .fraction),
            ("1e-400", .fraction), ("1e-1", .fraction), ("123456789012345678901234567890.25", .fraction),
        ] as [(String, JSONDocument.Kind)])
    func whole(_ text: String, _ kind: JSONDocument.Kind) throws {
        var reader = JSONDocumentReader()
        #expect(reader.read(Array(text.utf8).span) == .json)
        #expect(reader.withDocument { $0.kind(0) } == kind)
    }

    @Test("nesting of 512 is read, of 513 not", arguments: ["[]", "{}"])
    func depth(_ brackets: String) {
        let open = brackets.first == "[" ? "[" : #"{"a":"#
        let close = String(brackets.suffix(1))
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth - 1) + brackets + String(repeating: close, count: depth - 1)
        }
        #expect(outcome(nested(512)) == .json)
        #expect(outcome(nested(513)) == .notJSON)
        #expect(outcome(String(repeating: open, count: 100_000)) == .notJSON)
    }

    @Test("a reader is used again, after longer, shorter and broken texts; nothing of one is in the next")
    func again() {
        var reader = JSONDocumentReader()
        let long = "[" + Array(repeating: "1", count: 40_000).joined(separator: ",") + "]"
        for (text, expected) in [
            ("[1,2]", JSONDocumentReader.Outcome.json), (long, .json), ("1", .json), ("nul", .notJSON), ("null", .json),
            ("nul", .notJSON), (String(long.dropLast()), .notJSON), ("12", .json), ("-", .notJSON), ("", .notJSON),
        ] {
            #expect(reader.read(Array(text.utf8).span) == expected)
            let count = reader.withDocument { $0.count }
            #expect(count == (expected == .json ? text.split(separator: ",").count + (text.first == "[" ? 1 : 0) : nil))
        }
    }

    @Test("no document without a text that is JSON")
    func none() {
        var reader = JSONDocumentReader()
        #expect(reader.withDocument { $0.count } == nil)
        #expect(reader.read(Array("[1".utf8).span) == .notJSON)
        #expect(reader.withDocument { $0.count } == nil)
    }

    @Test(
        "where a text ends to be JSON",
        arguments: [
            (#"{"a":}"#, 5), ("[1,,2]", 3), ("[1 2]", 3), ("\n\n[tru]", 3), ("[1", 2), (#"{"a":"x}"#, 5),
            ("[\"a\u{1}\"]", 3),
            (#"["\"\\","#, 8), (#"["\"","x"#, 6), (#"["\x"]"#, 1), ("", 0), ("{}", 2), (#"["é", 01]"#, 7),
        ])
    func fault(_ text: String, _ place: Int) {
        var reader = JSONDocumentReader()
        #expect(reader.fault(in: Array(text.utf8).span) == place)
    }

    @Test("a message costs no allocation once the memory has grown")
    func allocations() throws {
        guard allocation_count_works() == 1 else { return }
        let message = Array(
            #"{"type":"move","at":[1.25,-3e2,18446744073709551616],"who":{"name":"a\u00e9b","ok":true}}"#.utf8)
        var reader = JSONDocumentReader()
        #expect(reader.read(message.span) == .json)
        let before = allocation_count()
        var read = 0
        for _ in 0..<100 where reader.read(message.span) == .json { read += 1 }
        let after = allocation_count()
        #expect(after - before == 0)
        #expect(read == 100)
    }
}
