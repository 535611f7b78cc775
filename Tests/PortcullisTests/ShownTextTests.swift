import Testing

@testable import Portcullis

struct ShownTextTests {
    @Test("nothing that could steer a terminal")
    func safe() {
        #expect(ShownText.quoted("a\u{1b}[31m\u{202e}é\n") == "\"a\\u{1b}[31m\\u{202e}é\\u{a}\"")
    }

    @Test("long texts are cut")
    func cut() {
        #expect(ShownText.quoted("ab") == "\"ab\"")
        let shown = ShownText.quoted(String(repeating: "é", count: 300))
        #expect(shown.hasSuffix("… (600 bytes)\""))
        #expect(ShownText.hexadecimal([0, 10, 255]) == "000aff")
        #expect(ShownText.hexadecimal(Array(repeating: 7, count: 65)).hasSuffix("07… (65 bytes)"))
    }
}
