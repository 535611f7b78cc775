import Compression

/// Compressed messages of one peer: the first byte says how its window is, the second how long a message may be. Each message
/// has two bytes before it that tell its length.
enum InflateTarget {
    static func fuzz(_ bytes: [UInt8]) throws(BrokenContract) {
        guard bytes.count >= 2 else { return }
        let windowBits = 8 + Int(bytes[0] & 7)
        let keepsContext = bytes[0] & 8 != 0
        let limit = [0, 1, 1000, 1 << 20][Int(bytes[1] & 3)]
        var messages: [[UInt8]] = []
        var rest = bytes[2...]
        while rest.count >= 2 {
            let length = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
            messages.append(Array(rest.dropFirst(2).prefix(length)))
            rest = rest.dropFirst(2 + length)
        }
        let (inflated, error) = inflate(messages, windowBits, keepsContext, limit)
        try require(inflated.allSatisfy { $0.count <= limit }, "more than the limit is kept")
        try require(error == nil || error == .malformed || error == .tooLong, "\(error, default: "")")
        guard var deflater = try? Deflater(windowBits: max(9, windowBits), level: 1) else { return }
        for message in inflated { try checkAgain(message, &deflater, windowBits) }
    }

    /// What the messages inflate to, up to the first that does not.
    private static func inflate(
        _ messages: [[UInt8]], _ windowBits: Int, _ keepsContext: Bool, _ limit: Int
    ) -> ([[UInt8]], CompressionError?) {
        var inflated: [[UInt8]] = []
        do throws(CompressionError) {
            var inflater = try Inflater(windowBits: windowBits)
            for message in messages {
                inflated.append([])
                try inflater.inflate(
                    message.span, into: &inflated[inflated.count - 1], limit: limit, keepsContext: keepsContext)
            }
            return (inflated, nil)
        } catch {
            return (inflated, error)
        }
    }

    /// What was inflated is deflated and inflated again.
    private static func checkAgain(
        _ message: [UInt8], _ deflater: inout Deflater, _ windowBits: Int
    ) throws(BrokenContract) {
        var (wire, again): ([UInt8], [UInt8]) = ([], [])
        guard deflater.deflate(message.span, into: &wire, level: 1, keepsContext: false) else { return }
        try require(wire.count < message.count, "\(message.count) bytes have become \(wire.count)")
        guard var inflater = try? Inflater(windowBits: max(9, windowBits)) else { return }
        do throws(CompressionError) {
            try inflater.inflate(wire.span, into: &again, limit: message.count, keepsContext: false)
        } catch {
            throw BrokenContract(description: "not inflated: \(error)")
        }
        try require(message == again, "not the same again")
    }
}
