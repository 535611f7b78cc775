import PeerText
import Testing

@Suite struct StreamSafeTests {
    @Test(
        "30 marks in a row pass, 31 do not, of whatever kind they are",
        arguments: ["\u{301}", "\u{323}", "\u{345}", "\u{5B0}", "\u{1D165}", "\u{F71}\u{F72}", "\u{F73}", "\u{344}"])
    func marks(_ mark: String) {
        let each = mark.unicodeScalars.count
        #expect(("e" + String(repeating: mark, count: 30 / each)).isStreamSafe)
        #expect(!("e" + String(repeating: mark, count: 30 / each + 1)).isStreamSafe)
        #expect(!String(repeating: mark, count: 30 / each + 1).isStreamSafe)
    }

    @Test("what stands between two rows parts them")
    func rows() {
        let row = String(repeating: "\u{301}", count: 30)
        #expect((row + "e" + row + "\u{200D}" + row).isStreamSafe)
        #expect(!("e" + row + "e" + row + "\u{301}").isStreamSafe)
    }

    @Test(
        "text without such marks is safe, however long", arguments: ["", "a", "é", "日本語", "👩‍👩‍👧‍👦", "🇦🇹", "\u{1100}\u{1161}"])
    func plain(_ text: String) {
        #expect(String(repeating: text, count: 1000).isStreamSafe)
    }
}
