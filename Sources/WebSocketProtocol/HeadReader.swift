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
    private var taken = 0
    private var line: [UInt8] = []
    /// Without its line end; nil until it has come whole.
    private(set) var startLine: [UInt8]?
    private(set) var headers: [HeaderField] = []

    init(maximumBytes: Int, maximumFields: Int) {
        self.maximumBytes = maximumBytes
        self.maximumFields = maximumFields
    }

    /// Takes bytes up to the end of the head; `consumed` of them belonged to it.
    mutating func receive(_ bytes: Span<UInt8>) throws(Failure) -> (consumed: Int, isComplete: Bool) {
        var consumed = 0
        while consumed < bytes.count {
            guard taken < maximumBytes else { throw .tooLarge }
            let byte = bytes[consumed]
            consumed += 1
            taken += 1
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                continue
            }
            if try endLine() { return (consumed, true) }
        }
        return (consumed, false)
    }

    /// True at the empty line that ends the head.
    private mutating func endLine() throws(Failure) -> Bool {
        guard line.popLast() == UInt8(ascii: "\r") else { throw .malformed("line feed without carriage return") }
        defer { line.removeAll(keepingCapacity: true) }
        guard startLine != nil else {
            guard !line.isEmpty else { throw .malformed("empty start line") }
            startLine = line
            return false
        }
        guard !line.isEmpty else { return true }
        guard headers.count < maximumFields else { throw .tooLarge }
        headers.append(try field())
        return false
    }

    /// RFC 9112 5: `name ":" OWS value OWS`, nothing before the colon but the name, and no folded lines.
    private func field() throws(Failure) -> HeaderField {
        guard line[0] != UInt8(ascii: " "), line[0] != UInt8(ascii: "\t") else { throw .malformed("folded line") }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw .malformed("field without a colon") }
        let name = line[..<colon]
        guard !name.isEmpty, name.allSatisfy(ByteSet.token.contains) else {
            throw .malformed("field name is not a token")
        }
        let value = line[(colon + 1)...].trimmingFieldWhitespace()
        guard value.allSatisfy({ !$0.isControl || $0 == UInt8(ascii: "\t") }) else {
            throw .malformed("field value has a control character")
        }
        guard let text = String(validating: value, as: UTF8.self) else { throw .malformed("field value is not UTF-8") }
        return HeaderField(name: String(decoding: name, as: UTF8.self), value: text)
    }
}
