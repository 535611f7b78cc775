import Testing

@testable import Portcullis

@Suite struct ConnectCommandTests {
    @Test(
        "a server's text keeps its lines and tabs, and steers no terminal",
        arguments: [
            ("a\tb\nc\r\nd", "a\tb\nc\r\nd"), ("\u{1b}[31mRED", "\\u{1b}[31mRED"), ("a\rb", "a\\u{d}b"),
            ("\u{202e}x", "\\u{202e}x"), ("é", "é"), ("", ""),
        ])
    func shown(_ text: String, _ shown: String) {
        #expect(ConnectCommand.shown(Array(text.utf8)) == shown)
    }
}
