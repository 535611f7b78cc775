internal import WebSocketProtocol

/// Messages and control frames that a worker has had from peers, and the bytes of their payloads: plain numbers, added to
/// for every message.
struct TrafficCounts: Sendable {
    /// Of whom a frame came, and what it was part of.
    struct Kind: Sendable {
        fileprivate let place: Int

        /// `opcode` is that of the message's first frame.
        init(_ opcode: Opcode, from sender: FrameParser.Sender) {
            let kind =
                switch opcode {
                case .text, .continuation: 0
                case .binary: 1
                case .ping: 2
                case .pong: 3
                case .close: 4
                }
            place = kind + (sender == .client ? 0 : TrafficCounts.opcodes.count)
        }
    }

    private static let opcodes = ["text", "binary", "ping", "pong", "close"]
    private static let directions = ["from_client", "from_upstream"]

    private var messages = InlineArray<10, Int64>(repeating: 0)
    private var bytes = InlineArray<10, Int64>(repeating: 0)

    /// So much of a message or a control frame has come; `isEnd` with the last of it.
    mutating func add(_ kind: Kind, bytes count: Int, isEnd: Bool) {
        bytes[kind.place] &+= Int64(count)
        if isEnd { messages[kind.place] &+= 1 }
    }

    /// What has been counted, by series.
    var counts: Counts {
        var counts = Counts()
        for (first, direction) in Self.directions.enumerated() {
            for (second, opcode) in Self.opcodes.enumerated() {
                let place = first * Self.opcodes.count + second
                counts.add(.messages, direction, opcode, count: messages[place])
                counts.add(.messageBytes, direction, opcode, count: bytes[place])
            }
        }
        return counts
    }
}
