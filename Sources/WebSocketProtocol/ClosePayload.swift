/// What a close frame says (RFC 6455 5.5.1).
package struct ClosePayload: Sendable, Equatable {
    /// nil: the frame was empty.
    package var code: CloseCode?
    /// Empty without a code.
    package var reason: String

    package init(code: CloseCode?, reason: String = "") {
        self.code = code
        self.reason = reason
    }

    /// Reads a close frame's payload; nil for one that RFC 6455 does not allow.
    package init?(_ bytes: Span<UInt8>) {
        guard (try? Self.check(bytes)) != nil else { return nil }
        guard bytes.count >= 2 else {
            self.init(code: nil)
            return
        }
        var reason: [UInt8] = []
        for index in 2..<bytes.count { reason.append(bytes[index]) }
        self.init(code: Self.code(bytes), reason: String(decoding: reason, as: UTF8.self))
    }

    /// Bytes that a reason may have beside its code.
    package static let maximumReasonBytes = 123

    /// The payload: empty without a code, or with one that may not be sent. The reason is cut to 123 bytes, between two
    /// characters.
    package var encoded: [UInt8] {
        guard let code, code.mayBeSent else { return [] }
        var bytes = [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xff)]
        for character in reason {
            guard bytes.count + character.utf8.count <= 2 + Self.maximumReasonBytes else { break }
            bytes.append(contentsOf: character.utf8)
        }
        return bytes
    }

    /// Refuses a payload of one byte, a code that may not be sent, and a reason that is not UTF-8.
    static func check(_ bytes: Span<UInt8>) throws(FrameError) {
        guard !bytes.isEmpty else { return }
        guard bytes.count >= 2 else { throw .protocolViolation("close payload of one byte") }
        guard code(bytes).mayBeSent else { throw .protocolViolation("close code that may not be sent") }
        var text = UTF8Validator()
        guard text.validate(bytes, 2..<bytes.count, key: .none), text.isComplete else { throw .invalidUTF8 }
    }

    private static func code(_ bytes: Span<UInt8>) -> CloseCode {
        CloseCode(rawValue: UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
    }
}
