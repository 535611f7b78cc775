package import PolicyModel

/// What a load balancer says of a connection before its first byte: a header of the PROXY protocol, version 1 or 2
/// (https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt).
package enum ProxyHeader: Sendable, Hashable {
    /// Whom the connection is from.
    case source(SocketAddress)
    /// The connection's own addresses hold: the load balancer speaks for itself, as its health checks do, or it does not say for
    /// whom, or for one that has no address (a Unix socket).
    case own
}

/// Why what came is no PROXY header.
package enum ProxyHeaderError: Error, Hashable, CustomStringConvertible {
    /// It begins with something else.
    case missing
    case tooLong
    case malformed(String)

    package var description: String {
        switch self {
        case .missing: "the connection does not begin with a PROXY header"
        case .tooLong: "the PROXY header is longer than \(ProxyHeaderReader.maximumBytes) bytes"
        case .malformed(let detail): "malformed PROXY header: \(detail)"
        }
    }
}

/// Reads a PROXY header, however it is cut, and looks at each byte once.
package struct ProxyHeaderReader: Sendable {
    /// Of the header with all that version 2 lets it carry behind the addresses, which is read over.
    package static let maximumBytes = 4096
    /// Of a line of version 1, its end included (section 2.1).
    private static let maximumLineBytes = 107

    private static let lineStart = Array("PROXY ".utf8)
    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]
    /// Of version 2: signature, version and command, family, length.
    private static let fixedBytes = 16

    private var bytes: [UInt8] = []

    package init() {}

    /// Takes what has come. Gives the header, and how many of `received` were its last bytes, once it is whole; nil before that.
    package mutating func receive(
        _ received: Span<UInt8>
    ) throws(ProxyHeaderError) -> (header: ProxyHeader, consumed: Int)? {
        for index in received.indices {
            bytes.append(received[index])
            if let header = try bytes[0] == Self.signature[0] ? binary() : line() { return (header, index + 1) }
        }
        return nil
    }

    // MARK: - Version 1

    /// The header, where its last byte has just come.
    private func line() throws(ProxyHeaderError) -> ProxyHeader? {
        try expect(Self.lineStart)
        guard bytes.last == UInt8(ascii: "\n") else {
            if bytes.count >= Self.maximumLineBytes { throw .malformed("its line does not end") }
            return nil
        }
        guard bytes[bytes.count - 2] == UInt8(ascii: "\r") else { throw .malformed("its line does not end in CR LF") }
        let text = String(decoding: bytes[Self.lineStart.count..<(bytes.count - 2)], as: UTF8.self)
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        // Whatever else the line says is to be ignored.
        if words[0] == "UNKNOWN" { return .own }
        guard words.count == 5, ["TCP4", "TCP6"].contains(words[0]) else {
            throw .malformed("not a family, two addresses and two ports")
        }
        let separator: Character = words[0] == "TCP4" ? "." : ":"
        guard words[1].contains(separator), words[2].contains(separator), let source = IPAddress(words[1]),
            IPAddress(words[2]) != nil
        else { throw .malformed("not two addresses of its family") }
        guard let port = Self.port(words[3]), Self.port(words[4]) != nil else { throw .malformed("not two ports") }
        return .source(SocketAddress(ip: source, port: port))
    }

    /// Decimal, without leading zeros.
    private static func port(_ text: Substring) -> UInt16? {
        guard let port = UInt16(text), String(port) == text else { return nil }
        return port
    }

    // MARK: - Version 2

    /// The header, where its last byte has just come.
    private func binary() throws(ProxyHeaderError) -> ProxyHeader? {
        try expect(Self.signature)
        guard bytes.count >= Self.fixedBytes else { return nil }
        let length = Self.fixedBytes + Int(bytes[14]) << 8 + Int(bytes[15])
        guard length <= Self.maximumBytes else { throw .tooLong }
        guard bytes.count == length else { return nil }
        guard bytes[12] >> 4 == 2 else { throw .malformed("version \(bytes[12] >> 4)") }
        switch bytes[12] & 15 {
        case 0: return .own
        case 1: return try source()
        case let command: throw .malformed("command \(command)")
        }
    }

    /// Of a connection that the load balancer passes on.
    private func source() throws(ProxyHeaderError) -> ProxyHeader {
        switch bytes[13] {
        // TCP over IPv4: two addresses, two ports.
        case 0x11:
            try room(for: 12)
            return source(.v4(UInt32(truncatingIfNeeded: number(at: 16, bytes: 4))), portAt: 24)
        // TCP over IPv6.
        case 0x21:
            try room(for: 36)
            return source(IPAddress(ipv6: number(at: 16, bytes: 16)), portAt: 48)
        // Not said, or a Unix stream.
        case 0x00, 0x31: return .own
        case let family: throw .malformed("family and protocol \(family), which is no stream")
        }
    }

    private func room(for addresses: Int) throws(ProxyHeaderError) {
        guard bytes.count >= Self.fixedBytes + addresses else { throw .malformed("too short for its addresses") }
    }

    private func source(_ ip: IPAddress, portAt place: Int) -> ProxyHeader {
        .source(SocketAddress(ip: ip, port: UInt16(truncatingIfNeeded: number(at: place, bytes: 2))))
    }

    /// In network order. All of them are there.
    private func number(at start: Int, bytes count: Int) -> UInt128 {
        bytes[start..<(start + count)].reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// Whether the last byte is `start`'s, as long as that is not whole.
    private func expect(_ start: [UInt8]) throws(ProxyHeaderError) {
        let last = bytes.count - 1
        guard last >= start.count || bytes[last] == start[last] else { throw .missing }
    }
}
