import PolicyModel

extension PolicyDecoder {
    /// One entry of `upstreams`.
    func upstream(_ entry: YAMLNode.Entry) -> UpstreamPolicy? {
        guard
            let fields = fields(entry.value, of: .upstream)
        else { return nil }
        let connectTimeout = fields.duration("connect_timeout")
        let handshakeTimeout = fields.duration("handshake_timeout")
        guard let list = fields.required("endpoints", example: "[\"ws://127.0.0.1:9001\"]"),
            let nodes = self.list(list, "endpoints")
        else { return nil }
        if nodes.isEmpty { refuse(list.position, "`endpoints` is empty; an upstream needs one at least") }
        var upstream = UpstreamPolicy(name: entry.key, endpoints: each(nodes, endpoint))
        upstream.connectTimeout = connectTimeout ?? upstream.connectTimeout
        upstream.handshakeTimeout = handshakeTimeout ?? upstream.handshakeTimeout
        return upstream
    }

    /// `ws://HOST[:PORT][/BASE]`; without a port it is 80 (RFC 6455 section 3).
    private func endpoint(_ node: YAMLNode) -> UpstreamPolicy.Endpoint? {
        guard let text = word(node, "endpoints") else { return nil }
        let usual = "an endpoint is ws://HOST:PORT, with a path behind it where the server wants one"
        func refused(_ message: String, suggestion: String? = nil) -> UpstreamPolicy.Endpoint? {
            refuse(node.position, message, suggestion: suggestion)
            return nil
        }
        guard let (scheme, rest) = URLScheme.split(text) else {
            return refused("\(usual), not \(quoted(text)); write \(quoted("ws://" + text))", suggestion: "ws://\(text)")
        }
        switch scheme {
        case "ws": break
        case "wss": return refused("`wss://` endpoints are not supported by this version; \(usual)")
        default: return refused("\(usual), not \(quoted(text))")
        }
        if rest.utf8.contains(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }) {
            return refused("an endpoint has no query and no fragment: \(quoted(text))")
        }
        let authority = String(rest.prefix { $0 != "/" })
        let base = String(rest.dropFirst(authority.count))
        if authority.utf8.contains(UInt8(ascii: "@")) {
            return refused("an endpoint has no user name and no password")
        }
        let (host, port): (String, UInt16)
        if let split = HostAndPort.split(authority) {
            (host, port) = split
        } else if authority.utf8.contains(UInt8(ascii: ":")), !authority.hasSuffix("]") {
            return refused("\(quoted(text)) needs a port from 1 to 65535 behind its last colon; IPv6 goes in brackets")
        } else {
            (host, port) = (authority, 80)
        }
        guard port != 0 else { return refused("\(quoted(text)) needs a port from 1 to 65535") }
        if !base.isEmpty, let problem = URLPath.problem(base) { return refused("the path of an endpoint \(problem)") }
        switch HostAndPort.host(host) {
        case .failure(let problem): return refused(problem.message(host))
        case .success(let host):
            return UpstreamPolicy.Endpoint(
                host: host, port: port, basePath: base.hasSuffix("/") ? String(base.dropLast()) : base)
        }
    }
}

enum URLScheme {
    /// The scheme of RFC 3986 section 3.1, in lower case, and what follows `://`.
    static func split(_ text: String) -> (scheme: String, rest: Substring)? {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let rest = text[colon...]
        guard rest.hasPrefix("://"), let first = text.utf8.first,
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first | 0x20),
            text.utf8[..<colon].allSatisfy({ byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default: false
                }
            })
        else { return nil }
        return (text[..<colon].lowercased(), rest.dropFirst(3))
    }
}
