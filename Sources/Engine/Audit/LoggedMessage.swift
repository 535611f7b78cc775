internal import PolicyModel
internal import WebSocketProtocol

/// A message that a rule writes to the audit log with its payload, which is cut and marked as such.
struct LoggedMessage {
    /// Payload bytes that are written down at most.
    static let maximumBytes = 1024

    private let rule: String
    private let sender: MessageSender
    private let opcode: Opcode
    private let size: Int
    private let payload: [UInt8]

    init(rule: String, sender: MessageSender, opcode: Opcode, payload: Span<UInt8>) {
        self.rule = rule
        self.sender = sender
        self.opcode = opcode
        size = payload.count
        let kept = payload.extracting(first: min(payload.count, Self.maximumBytes))
        self.payload = kept.indices.map { kept[$0] }
    }

    func add(to line: inout JSONLine) {
        line.add("rule", rule)
        line.add("from", sender.rawValue)
        line.add("opcode", opcode == .text ? "text" : "binary")
        line.add("size", Int64(size))
        if opcode == .text {
            // A character that was cut in two is left out.
            line.add("payload", String(decoding: payload.prefix(Self.wholeCharacters(payload)), as: UTF8.self))
        } else {
            line.add("payload_hex", payload.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
        }
        if payload.count < size { line.add("payload_truncated", true) }
    }

    /// Bytes up to the last character that is whole; `bytes` begins a valid text.
    private static func wholeCharacters(_ bytes: [UInt8]) -> Int {
        guard let start = bytes.lastIndex(where: { $0 & 0xc0 != 0x80 }) else { return 0 }
        let length = bytes[start] < 0x80 ? 1 : bytes[start] < 0xe0 ? 2 : bytes[start] < 0xf0 ? 3 : 4
        return bytes.count - start >= length ? bytes.count : start
    }
}
