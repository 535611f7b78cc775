import Testing
import Tokens
import WebSocketProtocol

@testable import Engine

@Suite struct AdminAnswerTests {
    private func text(_ answer: AdminAnswer, headOnly: Bool = false) -> String {
        String(decoding: answer.serialized(headOnly: headOnly), as: UTF8.self)
    }

    @Test("an answer is a line of JSON that nobody keeps; a head tells its length and stops")
    func answer() {
        let answer = AdminAnswer(["b": .integer(1), "a": .string("x\n")])
        #expect(text(answer).hasSuffix("\r\n\r\n{\"a\":\"x\\u000A\",\"b\":1}\n"))
        #expect(text(answer, headOnly: true).hasSuffix("Connection: close\r\n\r\n"))
        #expect(text(answer, headOnly: true).contains("Content-Length: 22\r\n"))
        #expect(text(answer).contains("Cache-Control: no-store\r\n"))
    }

    @Test(
        "a refusal says what is wrong, with its status in words",
        arguments: [
            (202, "Accepted"), (405, "Method Not Allowed"), (409, "Conflict"), (411, "Length Required"),
            (413, "Content Too Large"), (422, "Unprocessable Content"),
        ])
    func refusal(status: Int, phrase: String) {
        let refusal = AdminRefusal(
            status: status, error: "why", message: "do this", fields: [HeaderField(name: "Allow", value: "GET")],
            diagnostics: ["a"])
        #expect(text(refusal.answer).hasPrefix("HTTP/1.1 \(status) \(phrase)\r\nAllow: GET\r\n"))
        #expect(text(refusal.answer).hasSuffix("{\"diagnostics\":[\"a\"],\"error\":\"why\",\"message\":\"do this\"}\n"))
    }
}
