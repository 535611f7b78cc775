/// The head of an HTTP/1.1 request (RFC 9112), checked.
package struct RequestHead: Sendable {
    /// Upper-case letters and `-`.
    package let method: String
    package let target: RequestTarget
    /// From the one `Host` field; an absolute-form target agrees with it.
    package let host: RequestHost
    /// All fields, `Host` among them.
    package let headers: HeaderFields

    package init(method: String, target: RequestTarget, host: RequestHost, headers: HeaderFields) {
        self.method = method
        self.target = target
        self.host = host
        self.headers = headers
    }

    init(requestLine: ArraySlice<UInt8>, headers: HeaderFields) throws(HandshakeError) {
        let parts = requestLine.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformedRequest("request line is not three words") }
        guard (1...32).contains(parts[0].count), parts[0].allSatisfy({ $0.isMethodByte }) else {
            throw .malformedRequest("method is not upper-case letters")
        }
        guard parts[2].elementsEqual("HTTP/1.1".utf8) else { throw .malformedRequest("version is not HTTP/1.1") }
        // RFC 9112 3.2: exactly one Host, whatever the form of the target.
        let hosts = headers.values("Host")
        guard hosts.count == 1 else { throw .malformedRequest("there must be exactly one Host") }
        guard let host = RequestHost(hosts[0]) else { throw .malformedRequest("Host is not a host and port") }
        // Each of them is looked for among all fields, more than once.
        guard headers.listValues("Connection").count <= 64 else {
            throw .malformedRequest("Connection names more than 64 fields")
        }
        self.method = String(decoding: parts[0], as: UTF8.self)
        self.target = try Self.target(parts[1], host: host)
        self.host = host
        self.headers = headers
    }

    /// Origin-form, or absolute-form whose authority is the same as `host`.
    private static func target(_ raw: ArraySlice<UInt8>, host: RequestHost) throws(HandshakeError) -> RequestTarget {
        guard raw.first != UInt8(ascii: "/") else { return try RequestTarget(bytes: raw) }
        guard let colon = raw.firstIndex(of: UInt8(ascii: ":")), raw[colon...].starts(with: "://".utf8),
            let defaultPort = defaultPort(scheme: raw[..<colon])
        else { throw .malformedRequest("target is neither a path nor a web address") }
        let rest = raw[(colon + 3)...]
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        guard let authority = RequestHost(String(decoding: rest[..<end], as: UTF8.self)), authority.name == host.name,
            (authority.port ?? defaultPort) == (host.port ?? defaultPort)
        else { throw .malformedRequest("target and Host disagree") }
        let path = rest[end...]
        return try RequestTarget(bytes: path.first == UInt8(ascii: "/") ? path : ([UInt8(ascii: "/")] + path)[...])
    }

    private static func defaultPort(scheme: ArraySlice<UInt8>) -> UInt16? {
        switch String(decoding: scheme.map(\.asciiLowercased), as: UTF8.self) {
        case "http", "ws": 80
        case "https", "wss": 443
        default: nil
        }
    }
}

/// Reads one request head out of bytes as they arrive.
package struct RequestHeadParser: Sendable {
    private var reader: HeadReader
    private var failure: HandshakeError?

    /// `maximumBytes` counts the whole head with its last empty line.
    package init(maximumBytes: Int = 16384, maximumFields: Int = 100) {
        reader = HeadReader(maximumBytes: maximumBytes, maximumFields: maximumFields)
    }

    /// Takes bytes; `consumed` of them belonged to the head, the others are whatever follows it. Without a head all bytes
    /// were consumed and more are needed. It is not to be called again after a head; after an error it throws that again.
    package mutating func receive(
        _ bytes: Span<UInt8>
    ) throws(HandshakeError) -> (consumed: Int, head: RequestHead?) {
        if let failure { throw failure }
        do throws(HandshakeError) {
            let (consumed, isComplete) = try read(bytes)
            guard isComplete, let line = reader.startLine else { return (consumed, nil) }
            return (consumed, try RequestHead(requestLine: line, headers: reader.headers))
        } catch {
            failure = error
            throw error
        }
    }

    private mutating func read(_ bytes: Span<UInt8>) throws(HandshakeError) -> (consumed: Int, isComplete: Bool) {
        do throws(HeadReader.Failure) {
            return try reader.receive(bytes)
        } catch {
            switch error {
            case .tooLarge: throw .headersTooLarge
            case .malformed(let detail): throw .malformedRequest(detail)
            }
        }
    }
}

extension UInt8 {
    fileprivate var isMethodByte: Bool {
        self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") || self == UInt8(ascii: "-")
    }
}
