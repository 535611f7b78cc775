import PeerText

/// The path and query that a request asks for, in one spelling (RFC 3986 6.2.2), so that a policy and an upstream cannot
/// read two different paths out of it.
package struct RequestTarget: Sendable, Hashable, CustomStringConvertible {
    /// One `name=value` of the query, both decoded as forms are: `+` is a space.
    package struct QueryItem: Sendable, Hashable {
        package let name: String
        package let value: String
    }

    /// Begins with a slash. What is percent-encoded and could stand there as it is, is decoded, but for a slash or a
    /// semicolon; the hex digits of others are upper case. It has neither dot segments nor empty segments (but for a
    /// last one).
    package let path: String
    /// What follows the `?`, as it was sent; nil without a `?`.
    package let query: String?

    /// Reads origin-form (RFC 9112 3.2.1): `/path?query`.
    package init(originForm text: some StringProtocol) throws(HandshakeError) {
        try self.init(bytes: Array(text.utf8)[...])
    }

    init(bytes: ArraySlice<UInt8>) throws(HandshakeError) {
        guard bytes.first == UInt8(ascii: "/") else { throw .malformedRequest("target is not a path") }
        let mark = bytes.firstIndex(of: UInt8(ascii: "?"))
        path = try Self.normalized(bytes[..<(mark ?? bytes.endIndex)])
        query = if let mark { try Self.checkedQuery(bytes[(mark + 1)...]) } else { nil }
    }

    private init(path: String, query: String?) {
        self.path = path
        self.query = query
    }

    /// The query's items in order; pieces without `=` have an empty value, empty pieces are left out.
    package var queryItems: [QueryItem] {
        guard let query else { return [] }
        return query.utf8.split(separator: UInt8(ascii: "&")).map { piece in
            let parts = piece.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return QueryItem(
                name: Self.formDecoded(parts[0]), value: parts.count == 2 ? Self.formDecoded(parts[1]) : "")
        }
    }

    /// The same target without the query items of that name, however the name was encoded.
    package func removingQueryItem(_ name: String) -> RequestTarget {
        guard let query else { return self }
        let pieces = query.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
        let kept = pieces.filter { piece in
            !Self.formDecoded(piece.prefix { $0 != UInt8(ascii: "=") }).utf8.elementsEqual(name.utf8)
        }
        guard kept.count < pieces.count else { return self }
        let rest = kept.map { String(Substring($0)) }.joined(separator: "&")
        return RequestTarget(path: path, query: rest.isEmpty ? nil : rest)
    }

    /// Origin-form again.
    package var description: String {
        if let query { "\(path)?\(query)" } else { path }
    }
}

extension RequestTarget {
    private static func normalized(_ raw: ArraySlice<UInt8>) throws(HandshakeError) -> String {
        var path: [UInt8] = []
        path.reserveCapacity(raw.count)
        var decoded: [UInt8] = []
        var index = raw.startIndex
        while index < raw.endIndex {
            let byte = raw[index]
            guard byte == UInt8(ascii: "%") else {
                guard ByteSet.path.contains(byte) else { throw .malformedRequest("path has a forbidden character") }
                path.append(byte)
                decoded.append(byte)
                index += 1
                continue
            }
            let value = try percentEncoded(raw, at: index)
            // An encoded separator or control would be a separator to one server and a letter to the next.
            guard !value.isControl, value != UInt8(ascii: "/"), value != UInt8(ascii: "\\") else {
                throw .malformedRequest("path has a forbidden encoded character")
            }
            if ByteSet.decodedInPaths.contains(value) {
                path.append(value)
            } else {
                path.append(contentsOf: [UInt8(ascii: "%"), hexDigit(value >> 4), hexDigit(value & 15)])
            }
            decoded.append(value)
            index += 3
        }
        // Overlong UTF-8 (`%C0%AF`) is a slash to a lenient decoder.
        guard String(validating: decoded, as: UTF8.self) != nil else { throw .malformedRequest("path is not UTF-8") }
        try checkSegments(path)
        return String(decoding: path, as: UTF8.self)
    }

    /// Refuses what servers resolve differently: dot segments (`..;x` is one to servlet containers) and empty segments.
    private static func checkSegments(_ path: [UInt8]) throws(HandshakeError) {
        let segments = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            let name = segment.prefix { $0 != UInt8(ascii: ";") }
            guard !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) else {
                throw .malformedRequest("path has a dot segment")
            }
            guard !segment.isEmpty || index == segments.count - 1 else {
                throw .malformedRequest("path has an empty segment")
            }
        }
    }

    private static func checkedQuery(_ raw: ArraySlice<UInt8>) throws(HandshakeError) -> String {
        var index = raw.startIndex
        while index < raw.endIndex {
            if raw[index] == UInt8(ascii: "%") {
                guard try percentEncoded(raw, at: index) != 0 else { throw .malformedRequest("query has a NUL") }
                index += 3
            } else {
                guard ByteSet.query.contains(raw[index]) else {
                    throw .malformedRequest("query has a forbidden character")
                }
                index += 1
            }
        }
        let query = String(decoding: raw, as: UTF8.self)
        // What separates items is no mark, so that no row of them is longer in an item than in the whole.
        guard !raw.contains(UInt8(ascii: "%")) || formDecoded(query[...].utf8).isStreamSafe else {
            throw .malformedRequest("query has too many combining marks in a row")
        }
        return query
    }

    /// RFC 3986 2.1: the byte that `%XX` at `index` stands for.
    private static func percentEncoded(_ raw: ArraySlice<UInt8>, at index: Int) throws(HandshakeError) -> UInt8 {
        guard raw.endIndex - index >= 3, let high = raw[index + 1].hexadecimalValue,
            let low = raw[index + 2].hexadecimalValue
        else { throw .malformedRequest("target has a broken percent-encoding") }
        return high << 4 | low
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }

    /// The encodings were checked when the target was read; bytes that are not UTF-8 become replacement characters.
    private static func formDecoded(_ text: Substring.UTF8View.SubSequence) -> String {
        var bytes: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            text.formIndex(after: &index)
            if byte == UInt8(ascii: "+") {
                bytes.append(UInt8(ascii: " "))
            } else if byte == UInt8(ascii: "%"), let high = text[index...].first?.hexadecimalValue,
                let low = text[index...].dropFirst().first?.hexadecimalValue
            {
                bytes.append(high << 4 | low)
                index = text.index(index, offsetBy: 2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
