import Middleware
import PolicyModel
import Testing
import WebSocketProtocol

@testable import Portcullis

private func verdict(
    _ settings: [(String, String)], _ payload: String = "hi", opcode: Opcode = .text
) -> FilterVerdict {
    let factories = Extensions(filters: [Stamp.self]).factories
    let filter = factories.filter(ExtensionSettings(name: "stamp", value: mapping(settings)))
    let bytes = Array(payload.utf8)
    return filter.inspect(opcode: opcode, payload: bytes.span)
}

@Suite struct CustomFilterTests {
    @Test("its decisions are the rules'")
    func decisions() {
        #expect(verdict([("do", "pass")]) == .pass)
        #expect(verdict([("do", "drop")]) == .drop)
        #expect(verdict([("do", "close")]) == .close(.policyViolation, reason: "stamped"))
        #expect(verdict([("do", "upper")]) == .replace(Array("HI".utf8)))
        #expect(verdict([("do", "upper")], opcode: .binary) == .replace(Array("BINARY".utf8)))
    }

    @Test("a code that must not be sent becomes 1008", arguments: [0, 999, 1005, 1006, 1015, 1016, 2999, 5000])
    func codes(_ code: Int) {
        #expect(verdict([("do", "close"), ("code", "\(code)")]) == .close(.policyViolation, reason: "stamped"))
    }

    @Test("a code that may be sent stays", arguments: [1000, 1011, 3000, 4999])
    func goodCodes(_ code: Int) {
        let expected = CloseCode(rawValue: UInt16(code))
        #expect(verdict([("do", "close"), ("code", "\(code)")]) == .close(expected, reason: "stamped"))
    }

    @Test("of a reason the first 123 bytes are sent, whole characters")
    func reasons() {
        let long = String(repeating: "x", count: 122) + "\u{e9}y"
        #expect(
            verdict([("do", "close"), ("reason", long)])
                == .close(.policyViolation, reason: String(repeating: "x", count: 122)))
        let exact = String(repeating: "\u{e9}", count: 61) + "y"
        #expect(verdict([("do", "close"), ("reason", exact)]) == .close(.policyViolation, reason: exact))
    }

    @Test("one whose settings are wrong lets nothing through")
    func broken() {
        #expect(verdict([("do", "nothing")]) == .close(.internalError, reason: ""))
    }
}
