internal import WebSocketProtocol

/// Gathers an answer as it arrives, a line of its head or a piece of its body at a time, and no more of it than is wanted.
struct AnswerReader {
    var maximumBodyBytes = 0
    private(set) var fields: [HeaderField] = []
    private(set) var body: [UInt8] = []
    private(set) var isTooLarge = false
    private var fieldBytes = 0
    /// The head has ended: what comes as fields now are trailers, which nobody reads.
    private var isComplete = false

    /// A line of the head as it came. False ends the transfer.
    mutating func receive(field line: [UInt8]) -> Bool {
        fieldBytes += line.count
        guard fieldBytes <= HTTPClient.maximumFieldBytes else { return refuse() }
        var text = line[...]
        while let last = text.last, last == 0x0D || last == 0x0A || last == 0x20 || last == 0x09 { text.removeLast() }
        // The head of an interim answer (1xx) is no part of the last one's.
        if text.starts(with: "HTTP/".utf8) {
            fields = []
            isComplete = false
            return true
        }
        guard !text.isEmpty else {
            isComplete = true
            return true
        }
        guard !isComplete, let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > text.startIndex else {
            return true
        }
        let value = text[text.index(after: colon)...].drop { $0 == 0x20 || $0 == 0x09 }
        fields.append(
            HeaderField(
                name: String(decoding: text[..<colon], as: UTF8.self), value: String(decoding: value, as: UTF8.self)))
        return true
    }

    /// A piece of the body. False ends the transfer.
    mutating func receive(body bytes: [UInt8]) -> Bool {
        guard bytes.count <= maximumBodyBytes - body.count else { return refuse() }
        body += bytes
        return true
    }

    private mutating func refuse() -> Bool {
        isTooLarge = true
        return false
    }
}
