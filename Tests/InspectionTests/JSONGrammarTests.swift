import Inspection
import Testing

private func isJSON(_ bytes: [UInt8]) -> Bool { JSONInspector().isJSON(bytes.span) }

@Suite struct JSONGrammarTests {
    @Test(
        "RFC 8259",
        arguments: [
            "0", "-0", "12", "-1.5", "1e5", "1E+5", "1e-5", "0.0", "1e400", "\"\"", "\"a\"", "true", "false", "null",
            "[]", "{}",
            " \t\r\n1 \t\r\n", "[ ]", "{ }", "[1,2]", "[ 1 , [ ] , { } ]", #"{"a":1}"#, #"{ "a" : 1 , "b" : [ { } ] }"#,
            #"{"a":1,"a":2}"#, #"{"":0}"#, #""\"\\\/\b\f\n\r\t\u00e9\uABCD""#, #""\ud800""#, #""\udc00\ud800""#,
            "\"é€😀\"",
            "\"\u{7f}\"", "[[[[1]]]]", #"[{"a":[{"b":null}]},true]"#,
        ])
    func valid(_ text: String) {
        #expect(isJSON(Array(text.utf8)))
        // Cut anywhere it is not, but for numbers and white space.
        if text.first == "[" || text.first == "{" || text.first == "\"" {
            for end in 0..<text.utf8.count { #expect(!isJSON(Array(text.utf8.prefix(end)))) }
        }
    }

    @Test(
        "what is not",
        arguments: [
            "", " ", "\u{FEFF}1", "01", "-", "-01", "+1", ".5", "1.", "1.e5", "1e", "1e+", "0x1", "1_0", "NaN",
            "Infinity",
            "-Infinity", "tru", "True", "nulll", "true false", "'a'", "\"", "\"a", "\"\\\"", #""\a""#, #""\u12""#,
            #""\u12g4""#,
            #""\U0041""#, "\"a\nb\"", "\"a\tb\"", "\"a\u{0}b\"", "\u{0}", "1\u{0}", "[", "]", "[1", "[1,", "[1,]",
            "[,1]", "[1 2]",
            "[1}", "[1]]", "{", "}", "{]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{\"a\"}",
            "{\"a\",1}",
            "{a:1}", "{1:1}", "{\"a\":1 \"b\":2}", "{,}", "{\"a\":1]", "[1]x", "[] []", "1 2", "/**/1", "1//",
            "\u{00A0}1",
            "\u{1E}1", "[\"a\":1]", "{\"a\":}", "[[]", "{\"a\":{}", "{\"a\":{},[]}",
        ])
    func invalid(_ text: String) {
        #expect(!isJSON(Array(text.utf8)))
    }

    @Test(
        "strings are UTF-8",
        arguments: [
            [0x80], [0xff], [0xc0, 0x80], [0xc1, 0xbf], [0xc2], [0xc2, 0x22], [0xe0, 0x80, 0x80], [0xe2, 0x82],
            [0xed, 0xa0, 0x80], [0xf0, 0x80, 0x80, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80],
            [0xf0, 0x9f, 0x98],
        ] as [[UInt8]])
    func utf8(_ bytes: [UInt8]) {
        #expect(!isJSON([0x22] + bytes + [0x22]))
        #expect(!isJSON([0x22] + bytes))
        #expect(isJSON([0x22, 0xf4, 0x8f, 0xbf, 0xbf, 0x22]))
    }

    @Test("512 deep and no deeper, and as long as one likes")
    func bounds() {
        func nest(_ depth: Int, _ open: String, _ close: String) -> [UInt8] {
            Array((String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
        }
        #expect(isJSON(nest(512, "[", "]")) && !isJSON(nest(513, "[", "]")))
        #expect(isJSON(nest(512, #"{"a":"#, "}")) && !isJSON(nest(513, #"{"a":"#, "}")))
        #expect(isJSON(nest(256, #"[{"a":"#, "}]")) && !isJSON(nest(257, #"[{"a":"#, "}]")))
        #expect(!isJSON(Array(repeating: UInt8(ascii: "["), count: 65_536)))
        #expect(isJSON(Array(String(repeating: "9", count: 100_000).utf8)))
        #expect(
            isJSON(
                Array(("0." + String(repeating: "9", count: 100_000) + "e" + String(repeating: "9", count: 1000)).utf8))
        )
        #expect(isJSON(Array(("[" + String(repeating: "[],", count: 100_000) + "[]]").utf8)))
    }

    @Test("agrees with a naive reader on texts with random errors")
    func differential() {
        var random = Randomness(4)
        let bytes: [UInt8] = [
            0x0a, 0x20, 0x22, 0x2c, 0x2d, 0x2e, 0x30, 0x31, 0x3a, 0x5b, 0x5c, 0x5d, 0x65, 0x7b, 0x7d, 0x80,
        ]
        var valid = 0
        for _ in 0..<20_000 {
            var text = Array(random.text(random.tree(depth: 3)).utf8)
            for _ in 0..<random.below(3) where !text.isEmpty {
                let index = random.below(text.count)
                switch random.below(3) {
                case 0: text[index] = random.pick(bytes)
                case 1: text.remove(at: index)
                default: text.insert(random.pick(bytes), at: index)
                }
            }
            let expected = NaiveReader.accepts(text)
            if expected { valid += 1 }
            #expect(isJSON(text) == expected, "\(String(decoding: text, as: UTF8.self).debugDescription)")
        }
        #expect(valid > 5000 && valid < 15_000)
    }
}

/// The grammar of RFC 8259, a function for each rule of it.
private struct NaiveReader {
    private var rest: Substring.UnicodeScalarView

    static func accepts(_ text: [UInt8]) -> Bool {
        guard let string = String(validating: text, as: UTF8.self) else { return false }
        var reader = NaiveReader(rest: string[...].unicodeScalars)
        return reader.value() && reader.rest.isEmpty
    }

    private mutating func take(_ choices: String) -> Bool {
        guard let next = rest.first, choices.unicodeScalars.contains(next) else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func space() { while take(" \n\r\t") {} }

    private mutating func value() -> Bool {
        space()
        let isValue: Bool
        switch rest.first {
        case "{": isValue = list("{", "}") { $0.member() }
        case "[": isValue = list("[", "]") { $0.value() }
        case "\"": isValue = string()
        case "t": isValue = word("true")
        case "f": isValue = word("false")
        case "n": isValue = word("null")
        default: isValue = number()
        }
        space()
        return isValue
    }

    private mutating func list(_ open: String, _ close: String, _ item: (inout NaiveReader) -> Bool) -> Bool {
        guard take(open) else { return false }
        space()
        if take(close) { return true }
        repeat { guard item(&self) else { return false } } while take(",")
        return take(close)
    }

    private mutating func member() -> Bool {
        space()
        guard string() else { return false }
        space()
        return take(":") && value()
    }

    private mutating func word(_ word: String) -> Bool { word.allSatisfy { take(String($0)) } }

    private mutating func string() -> Bool {
        guard take("\"") else { return false }
        while let next = rest.first, next != "\"", next.value >= 0x20 {
            rest.removeFirst()
            guard next == "\\" else { continue }
            if take("u") {
                for _ in 0..<4 { guard take("0123456789abcdefABCDEF") else { return false } }
            } else if !take("\"\\/bfnrt") {
                return false
            }
        }
        return take("\"")
    }

    private mutating func digits() -> Bool {
        guard take("0123456789") else { return false }
        while take("0123456789") {}
        return true
    }

    private mutating func number() -> Bool {
        _ = take("-")
        guard take("0") || digits() else { return false }
        if take("."), !digits() { return false }
        if take("eE") {
            _ = take("+-")
            guard digits() else { return false }
        }
        return true
    }
}
