import Testing
import Tokens

@Suite struct JSONTests {
    @Test(
        arguments: [
            ("null", ClaimValue.null), ("true", .boolean(true)), (" false ", .boolean(false)), ("0", .integer(0)),
            ("-1", .integer(-1)), ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("1.5", .double(1.5)), ("1e3", .double(1000)),
            ("-0.25E-2", .double(-0.0025)), ("\"\"", .string("")), ("\"a\\u00e9\\n\\/\"", .string("aé\n/")),
            ("\"\\ud83d\\ude00\"", .string("😀")), ("[]", .array([])),
            ("[1, \"a\" ,null]", .array([.integer(1), .string("a"), .null])),
            ("{}", .object([:])), ("{ \"a\" : { \"b\" : [ ] } }", .object(["a": .object(["b": .array([])])])),
        ] as [(String, ClaimValue)])
    func values(text: String, value: ClaimValue) {
        #expect(JSON.decode(Array(text.utf8)) == value)
    }

    @Test(
        arguments: [
            "", " ", "nul", "nullx", "tru", "01", "+1", ".5", "1.", "1e", "-", "1e400", "0x1", "NaN", "Infinity", "'a'",
            "\"", "\"a",
            "\"\\x\"", "\"\\", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"",
            "\"a\tb\"", "[", "[1",
            "[1,]", "[,1]", "[1 2]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{a:1}", "{1:1}", "1 2",
            "{}{}", "\u{FEFF}{}",
            "// c\n1",
        ])
    func malformed(text: String) {
        #expect(JSON.decode(Array(text.utf8)) == nil)
    }

    @Test(
        "a name twice, however it is spelt, is refused",
        arguments: [#"{"a":1,"a":1}"#, #"{"a":1,"\u0061":2}"#, #"[{"b":{"a":1,"a":2}}]"#])
    func duplicateNames(text: String) {
        #expect(JSON.decode(Array(text.utf8)) == nil)
    }

    @Test(
        "bytes that are not UTF-8 are refused",
        arguments: [[0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xE2, 0x82]] as [[UInt8]])
    func invalidText(bytes: [UInt8]) {
        #expect(JSON.decode([0x22] + bytes + [0x22]) == nil)
    }

    @Test("30 combining marks in a row pass, 31 do not, in names and values, escaped or not")
    func combiningMarks() {
        for mark in ["\u{301}", #"\u0301"#] {
            let marks = String(repeating: mark, count: 30)
            #expect(JSON.decode(Array("{\"e\(marks)\":\"e\(marks)\"}".utf8)) != nil)
            #expect(JSON.decode(Array("{\"e\(marks)\(mark)\":1}".utf8)) == nil)
            #expect(JSON.decode(Array("[\"e\(marks)\(mark)\"]".utf8)) == nil)
        }
    }

    @Test func nestingIsBounded() {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        #expect(JSON.decode(nested(JSON.maximumDepth)) != nil)
        #expect(JSON.decode(nested(JSON.maximumDepth + 1)) == nil)
        #expect(JSON.decode(Array(repeating: UInt8(ascii: "["), count: 8192)) == nil)
        #expect(JSON.decode(Array(String(repeating: "{\"a\":", count: 1600).utf8)) == nil)
    }

    @Test("what is written is read again, names in order, control characters escaped")
    func encode() {
        let value = ClaimValue.object([
            "b": .array([.integer(-1), .double(0.5), .boolean(true), .null]), "a": .string("\"\\\n\u{7F}\u{9B}é"),
            "c": .object([:]),
        ])
        let text = JSON.encode(value)
        #expect(
            String(decoding: text, as: UTF8.self) == #"{"a":"\"\\\u000A\u007F\u009Bé","b":[-1,0.5,true,null],"c":{}}"#)
        #expect(JSON.decode(text) == value)
        #expect(JSON.encode(.double(.infinity)) == Array("null".utf8))
    }

    @Test("H41 any damage to a text gives a value or nothing, never a trap")
    func damaged() {
        let text = Array(#"{"iss":"portcullis","n":[1,-2.5e3,true,null,"\ud83d\ude00\n"],"o":{"k":"v"}}"#.utf8)
        for index in text.indices {
            _ = JSON.decode(Array(text[..<index]))
            for byte in [0, 0x22, 0x2C, 0x5B, 0x5C, 0x7B, 0x7D, 0x80, 0xFF] as [UInt8] {
                var damaged = text
                damaged[index] = byte
                _ = JSON.decode(damaged)
            }
        }
        #expect(JSON.decode(text) != nil)
    }
}
