import PolicyModel

/// IP addresses and blocks of them.
extension PolicyDecoder {
    /// An IP literal and a port to listen on; port 0 asks the system for a free one.
    func socketAddress(_ node: YAMLNode, _ key: String) -> SocketAddress? {
        guard let text = word(node, key) else { return nil }
        if let port = text.utf8.lastIndex(of: UInt8(ascii: ":")).map({ text[text.index(after: $0)...] }),
            port.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let address = SocketAddress(text)
        {
            return address
        }
        var meant: String?
        var message =
            "`\(key)` must be an IP address and a port, such as 0.0.0.0:8443 or [::]:8443, not \(quoted(text))"
        if let (host, port) = HostAndPort.split(text) {
            if host.isEmpty || host == "*" {
                meant = "0.0.0.0:\(port)"
                message += "; for all addresses write 0.0.0.0:\(port)"
            } else if host == "localhost" {
                meant = "127.0.0.1:\(port)"
                message += "; write 127.0.0.1:\(port)"
            }
        } else if UInt16(text) != nil {
            meant = "0.0.0.0:\(text)"
            message += "; for all addresses write 0.0.0.0:\(text)"
        } else if IPAddress(text)?.isIPv6 == true {
            message += "; an IPv6 address needs brackets: [\(text)]:8443"
        }
        refuse(node.position, message, suggestion: meant)
        return nil
    }

    /// A list of blocks.
    func blocks(_ node: YAMLNode, _ key: String) -> [CIDR]? {
        guard let nodes = list(node, key) else { return nil }
        let blocks = each(nodes) { block($0, key) }
        warnRedundantBlocks(blocks, nodes)
        return blocks
    }

    private func block(_ node: YAMLNode, _ key: String) -> CIDR? {
        guard let text = word(node, key) else { return nil }
        do throws(CIDR.ParseError) {
            return try CIDR(text)
        } catch {
            switch error {
            case .notAnAddress:
                refuse(
                    node.position,
                    "\(quoted(text)) is no IP address or block such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32")
            case .prefixOutOfRange:
                let width = text.utf8.contains(UInt8(ascii: ":")) ? 128 : 32
                refuse(node.position, "\(quoted(text)) needs a prefix from 0 to \(width) behind its slash")
            case .hostBitsSet(let meant):
                let address = text.prefix { $0 != "/" }
                refuse(
                    node.position,
                    "\(quoted(text)) has bits set behind its prefix; write \(meant) for the block, or \(address) for the one address",
                    suggestion: meant
                )
            }
            return nil
        }
    }
}

extension IPAddress {
    var isIPv6: Bool {
        if case .v6 = self { true } else { false }
    }
}

/// Host names, and hosts with ports.
enum HostAndPort {
    /// What stands before and after the last colon; nil where what stands after it is no port. A host in brackets keeps
    /// them.
    static func split(_ text: String) -> (host: String, port: UInt16)? {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        let digits = text[text.utf8.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(digits)
        else { return nil }
        let host = String(text[..<colon])
        // `::1` is an address, not the host `:` and the port 1.
        guard !host.utf8.contains(UInt8(ascii: ":")) || (host.hasPrefix("[") && host.hasSuffix("]")) else { return nil }
        return (host, port)
    }

    enum Problem: Error, Hashable {
        case empty
        case notASCII
        case trailingDot
        case wildcard
        case malformed
        /// Digits and dots that are no IPv4 address.
        case notAnAddress
    }

    /// A host as requests name it: a DNS name in lower case, IPv4, or IPv6 without brackets in RFC 5952's form.
    static func host(_ text: String) -> Result<String, Problem> {
        guard !text.isEmpty else { return .failure(.empty) }
        if text.hasPrefix("["), text.hasSuffix("]") {
            guard let address = IPAddress(text.dropFirst().dropLast()), text.utf8.contains(UInt8(ascii: ":")) else {
                return .failure(.malformed)
            }
            return .success(address.description)
        }
        if let address = IPAddress(text) { return .success(address.description) }
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return .failure(.notASCII) }
        guard !text.utf8.contains(UInt8(ascii: "*")) else { return .failure(.wildcard) }
        guard text.utf8.last != UInt8(ascii: ".") else { return .failure(.trailingDot) }
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= 253, labels.allSatisfy(isLabel) else { return .failure(.malformed) }
        // WHATWG URL: a host whose last label is a number is an IPv4 address or nothing.
        if let last = labels.last, last.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            return .failure(.notAnAddress)
        }
        return .success(text.lowercased())
    }

    private static func isLabel(_ label: Substring.UTF8View) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
            && label.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), hyphen, UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}

extension HostAndPort.Problem {
    /// What to say about `text`, which is no host.
    func message(_ text: String) -> String {
        switch self {
        case .empty: "the host is missing"
        case .notASCII: "\(quoted(text)) must be in ASCII; write an international name as xn--…"
        case .trailingDot: "\(quoted(text)) must not end in a dot"
        case .wildcard:
            "\(quoted(text)) has a star in a place where it has no meaning; only `*.` in front of a whole name has"
        case .malformed: "\(quoted(text)) is no host name and no IP address"
        case .notAnAddress:
            "\(quoted(text)) is no IPv4 address: it needs four numbers from 0 to 255 without leading zeros"
        }
    }
}
