import PolicyModel
import Testing

@Suite struct StringTerminalSafeTests {
    @Test(
        "nothing that could steer a terminal is left",
        arguments: [
            ("plain é 名", "plain é 名"), ("a\u{1b}[31m", "a\\u{1b}[31m"), ("\u{9b}31m", "\\u{9b}31m"),
            ("a\r\n\tb", "a\\u{d}\\u{a}\\u{9}b"), ("\u{202e}x", "\\u{202e}x"),
            ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"), ("\u{f8f0}\u{e000}", "\\u{f8f0}\\u{e000}"),
            ("\u{378}", "\\u{378}"), ("", ""),
        ])
    func safe(_ text: String, _ shown: String) {
        #expect(text.terminalSafe == shown)
        #expect(text.terminalSafe.terminalSafe == shown)
    }

    @Test("a place in a file, which may have any name")
    func position() {
        #expect(SourcePosition(file: "a\u{1b}.yaml", line: 1, column: 2).description == "a\\u{1b}.yaml:1:2")
    }
}
