import Portcullis
import Testing

@testable import CustomGateway

@Suite struct WordMaskTests {
    @Test(
        "words are masked in text, and in nothing else",
        arguments: [
            ("a secret plan", Message.Kind.text, MessageDecision.replace(Array("a ****** plan".utf8))),
            ("a plan", .text, .pass), ("a secret plan", .binary, .pass),
        ])
    func masked(_ text: String, _ kind: Message.Kind, _ decision: MessageDecision) throws {
        let mask = try WordMask(yaml: "words: [secret]")
        let payload = Array(text.utf8)
        #expect(mask.inspect(payload.span, of: Message(kind: kind)) == decision)
    }

    @Test("an empty word would be everywhere")
    func settings() {
        #expect(throws: SettingsError.self) { try WordMask(yaml: "words: [a, \"\"]") }
    }
}
