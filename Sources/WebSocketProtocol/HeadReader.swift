import PeerText

/// Takes a message head (RFC 9112 2.1) apart into its start line and fields as bytes arrive. Each byte is looked at a fixed
/// number of times, however the head is cut into pieces, and no more than `maximumBytes` are ever held.
struct HeadReader: Sendable {
    enum Failure: Error {
        case tooLarge
        /// A fixed English phrase.
        case malformed(String)
    }

    private let maximumBytes: Int
    private let maximumFields: Int
    /// The head as far as it has come: fields stay where they are.
    private var bytes: [UInt8] = []
    /// Where the line begins whose end has not come.
    private var lineStart = 0
    private var startLinePlace: Range<Int>?
    private var places: [HeaderFields.Place] = []

    init(maximumBytes: Int, maximumFields: Int) {
        self.maximumBytes = maximumBytes
        self.maximumFields = maximumFields
    }

    /// Without its line end; nil until it has come whole.
    var startLine: ArraySlice<UInt8>? { startLinePlace.map { bytes[$0] } }

    /// The fields that have come whole.
    var headers: HeaderFields { HeaderFields(bytes: bytes, places: places) }

    /// Takes bytes up to the end of the head; `consumed` of them belonged to it.
    mutating func receive(_ received: Span<UInt8>) throws(Failure) -> (consumed: Int, isComplete: Bool) {
        let before = bytes.count
        let taken = received.extracting(first: maximumBytes - before)
        // Copied before the call returns.
        unsafe taken.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        var index = before
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\n"), try endLine(at: index) {
                bytes.removeLast(bytes.count - index - 1)
                return (index + 1 - before, true)
            }
            index += 1
        }
        guard taken.count == received.count else { throw .tooLarge }
        return (received.count, false)
    }

    /// True at the empty line that ends the head. A line feed stands at `lineFeed`.
    private mutating func endLine(at lineFeed: Int) throws(Failure) -> Bool {
        guard lineFeed > lineStart, bytes[lineFeed - 1] == UInt8(ascii: "\r") else {
            throw .malformed("line feed without carriage return")
        }
        let line = lineStart..<(lineFeed - 1)
        lineStart = lineFeed + 1
        guard startLinePlace != nil else {
            guard !line.isEmpty else { throw .malformed("empty start line") }
            startLinePlace = line
            return false
        }
        guard !line.isEmpty else { return true }
        guard places.count < maximumFields else { throw .tooLarge }
        places.append(try field(bytes[line]))
        return false
    }

    /// RFC 9112 5: `name ":" OWS value OWS`, nothing before the colon but the name, and no folded lines.
    private func field(_ line: ArraySlice<UInt8>) throws(Failure) -> HeaderFields.Place {
        guard line.first != UInt8(ascii: " "), line.first != UInt8(ascii: "\t") else { throw .malformed("folded line") }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw .malformed("field without a colon") }
        let name = line[..<colon]
        guard HeaderFields.isValidName(name) else { throw .malformed("field name is not a token") }
        let value = line[(colon + 1)...].trimmingFieldWhitespace()
        guard HeaderFields.isValidValue(value) else { throw .malformed("field value has a control character") }
        if !value.allSatisfy({ $0 < 0x80 }) {
            guard let text = String(validating: value, as: UTF8.self) else {
                throw .malformed("field value is not UTF-8")
            }
            guard text.isStreamSafe else { throw .malformed("field value has too many combining marks in a row") }
        }
        return HeaderFields.Place(name: name.startIndex..<colon, value: value.startIndex..<value.endIndex)
    }
}
