/// The head of an upstream's answer (RFC 9112 4).
package struct ResponseHead: Sendable {
    /// 100 to 599.
    package let status: Int
    package let headers: HeaderFields

    package init(status: Int, headers: HeaderFields) {
        self.status = status
        self.headers = headers
    }

    init(statusLine: ArraySlice<UInt8>, headers: HeaderFields) throws(UpstreamHandshakeError) {
        // The reason phrase may be missing, and its space with it: many servers write it so.
        let statusLine = Array(statusLine)
        let isNewest = statusLine.starts(with: "HTTP/1.1 ".utf8)
        guard isNewest || statusLine.starts(with: "HTTP/1.0 ".utf8), statusLine.count >= 12,
            statusLine.count == 12 || statusLine[12] == UInt8(ascii: " "),
            statusLine[9...11].allSatisfy(\.isDigit),
            let status = Int(String(decoding: statusLine[9...11], as: UTF8.self)), (100...599).contains(status),
            statusLine[12...].allSatisfy({ !$0.isControl || $0 == UInt8(ascii: "\t") })
        else { throw .malformedResponse("status line") }
        // RFC 9110 7.8: HTTP/1.0 knows no upgrade.
        guard isNewest || status != 101 else { throw .malformedResponse("101 from HTTP/1.0") }
        self.init(status: status, headers: headers)
    }
}

/// Reads one response head out of bytes as they arrive.
package struct ResponseHeadParser: Sendable {
    private var reader: HeadReader
    private var failure: UpstreamHandshakeError?

    /// `maximumBytes` counts the whole head with its last empty line.
    package init(maximumBytes: Int = 16384, maximumFields: Int = 100) {
        reader = HeadReader(maximumBytes: maximumBytes, maximumFields: maximumFields)
    }

    /// As ``RequestHeadParser/receive(_:)``; the bytes behind a 101 are frames already.
    package mutating func receive(
        _ bytes: Span<UInt8>
    ) throws(UpstreamHandshakeError) -> (consumed: Int, head: ResponseHead?) {
        if let failure { throw failure }
        do throws(UpstreamHandshakeError) {
            let (consumed, isComplete) = try read(bytes)
            guard isComplete, let line = reader.startLine else { return (consumed, nil) }
            return (consumed, try ResponseHead(statusLine: line, headers: reader.headers))
        } catch {
            failure = error
            throw error
        }
    }

    private mutating func read(_ bytes: Span<UInt8>) throws(UpstreamHandshakeError) -> (consumed: Int, isComplete: Bool)
    {
        do throws(HeadReader.Failure) {
            return try reader.receive(bytes)
        } catch {
            switch error {
            case .tooLarge: throw .malformedResponse("the head is too large")
            case .malformed(let detail): throw .malformedResponse(detail)
            }
        }
    }
}
