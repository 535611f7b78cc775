import Foundation
import Testing

@testable import Engine

@Suite struct JSONLineTests {
    private struct Record: Decodable, Equatable {
        struct Inner: Decodable, Equatable { let n: Int64 }
        let text: String?
        let missing: String?
        let number: Int64?
        let object: Inner?
        let list: [Inner]?
    }

    private func decode(_ line: consuming JSONLine) throws -> Record {
        let bytes = line.finished()
        #expect(bytes.last == 0x0a && !bytes.dropLast().contains(0x0a))
        return try JSONDecoder().decode(Record.self, from: Data(bytes))
    }

    @Test("an empty line is an empty object")
    func empty() {
        #expect(JSONLine().finished() == Array("{}\n".utf8))
    }

    @Test("every field is what a decoder reads")
    func fields() throws {
        var line = JSONLine()
        line.add("text", "a")
        line.add("missing", String?.none)
        line.add("number", Int64.min)
        line.add("object") { $0.add("n", 1) }
        line.add("list", [2, 3]) { $0.add("n", $1) }
        let expected = Record(
            text: "a", missing: nil, number: .min, object: .init(n: 1), list: [.init(n: 2), .init(n: 3)])
        #expect(try decode(line) == expected)
    }

    @Test("an empty list is left out, and an empty object is not")
    func emptyParts() throws {
        var line = JSONLine()
        line.add("list", [Int64]()) { $0.add("n", $1) }
        line.add("object") { _ in }
        #expect(line.finished() == Array("{\"object\":{}}\n".utf8))
    }

    @Test(
        "text comes back as it was, on one line and without control characters",
        arguments: [
            "", "a\"b", "a\\", "\\\"\\", "line\nbreak\r\n", "\u{0}\u{1}\u{1f}\u{7f}", "\u{1b}[31mred", "tab\t",
            "é 漢 😀", "\u{2028}\u{2029}", "</script>", "\",\"event\":\"opened", "e\u{301}",
        ])
    func text(value: String) throws {
        var line = JSONLine()
        line.add("text", value)
        #expect(!line.bytes.contains { $0 < 0x20 || $0 == 0x7f })
        let decoded = try decode(line)
        // By code points: String's own comparison takes different spellings for equal.
        #expect(decoded.text.map { Array($0.unicodeScalars) } == Array(value.unicodeScalars))
    }

    @Test("every one of the first 256 characters")
    func all() throws {
        let value = String(String.UnicodeScalarView((0..<256).compactMap { Unicode.Scalar(UInt32($0)) }))
        var line = JSONLine()
        line.add("text", value)
        #expect(try decode(line).text.map { Array($0.utf8) } == Array(value.utf8))
    }
}
