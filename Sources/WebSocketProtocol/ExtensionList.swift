/// One element of `Sec-WebSocket-Extensions`, an offer or an answer (RFC 6455 9.1).
struct ExtensionElement: Sendable, Equatable {
    struct Parameter: Sendable, Equatable {
        let name: String
        /// A token, out of its quotes; nil where the parameter has none.
        let value: String?
    }

    let name: String
    /// In their order, repeated ones too.
    let parameters: [Parameter]

    /// More elements than these, or more parameters of one of them, nobody sends.
    static let maximumElements = 32
    static let maximumParameters = 16
}

extension HeaderFields {
    /// The elements of all fields `Sec-WebSocket-Extensions` together. nil where they do not follow RFC 6455 9.1, which makes
    /// both peers give such a handshake up, and where there are more than the bounds allow. The work is linear.
    var extensions: [ExtensionElement]? {
        var elements: [ExtensionElement] = []
        for value in values("Sec-WebSocket-Extensions") {
            var reader = ExtensionReader(bytes: Array(value.utf8))
            guard reader.readList(into: &elements) else { return nil }
        }
        return elements
    }
}

/// Reads one field's value from its beginning to its end; each byte is looked at once or twice.
private struct ExtensionReader {
    let bytes: [UInt8]
    private var index = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// `1#extension`, where elements may be empty (RFC 9110 5.6.1.2).
    mutating func readList(into elements: inout [ExtensionElement]) -> Bool {
        repeat {
            skipSpace()
            guard index < bytes.count, bytes[index] != UInt8(ascii: ",") else { continue }
            guard elements.count < ExtensionElement.maximumElements, let element = readElement() else { return false }
            elements.append(element)
        } while take(",")
        return index == bytes.count
    }

    /// `extension-token *( ";" extension-param )`
    private mutating func readElement() -> ExtensionElement? {
        guard let name = readToken() else { return nil }
        var parameters: [ExtensionElement.Parameter] = []
        while take(";") {
            guard parameters.count < ExtensionElement.maximumParameters, let parameter = readToken() else { return nil }
            guard take("=") else {
                parameters.append(ExtensionElement.Parameter(name: parameter, value: nil))
                continue
            }
            guard let value = take("\"") ? readQuoted() : readToken() else { return nil }
            parameters.append(ExtensionElement.Parameter(name: parameter, value: value))
        }
        return ExtensionElement(name: name, parameters: parameters)
    }

    private mutating func readToken() -> String? {
        skipSpace()
        let start = index
        while index < bytes.count, ByteSet.token.contains(bytes[index]) { index += 1 }
        return index == start ? nil : String(decoding: bytes[start..<index], as: UTF8.self)
    }

    /// The rest of a quoted string: what is left of it without quotes and backslashes must be a token.
    private mutating func readQuoted() -> String? {
        var text: [UInt8] = []
        while index < bytes.count {
            var byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\"") { return text.isEmpty ? nil : String(decoding: text, as: UTF8.self) }
            if byte == UInt8(ascii: "\\") {
                guard index < bytes.count else { return nil }
                byte = bytes[index]
                index += 1
            }
            guard ByteSet.token.contains(byte) else { return nil }
            text.append(byte)
        }
        return nil
    }

    /// Takes a separator, and the white space before it.
    private mutating func take(_ separator: Unicode.Scalar) -> Bool {
        skipSpace()
        guard index < bytes.count, bytes[index] == UInt8(ascii: separator) else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while index < bytes.count, bytes[index] == UInt8(ascii: " ") || bytes[index] == UInt8(ascii: "\t") {
            index += 1
        }
    }
}
