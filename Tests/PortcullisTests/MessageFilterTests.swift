import Portcullis
import Testing

@Suite struct MessageFilterTests {
    @Test("a message's payload as text and as bytes")
    func copies() {
        let payload = Array("h\u{e9}".utf8)
        let text = Message(kind: .text)
        #expect(text.text(payload.span) == "h\u{e9}")
        #expect(text.bytes(payload.span) == payload)
        #expect(Message(kind: .binary).text(payload.span) == nil)
        #expect(text.bytes([UInt8]().span).isEmpty)
    }

    @Test("a filter can be tried without a gateway")
    func tried() throws {
        let payload = Array("hi".utf8)
        let stamp = try Stamp(yaml: "do: upper")
        #expect(stamp.inspect(payload.span, of: Message(kind: .text)) == .replace(Array("HI".utf8)))
    }
}
