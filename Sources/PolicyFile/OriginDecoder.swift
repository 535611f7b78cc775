import PolicyModel

extension MiddlewareDecoder {
    static let origin = MiddlewareDecoder(name: "origin", mapping: .origin, runsBeforeTLS: false) {
        decoder, fields in
        let missing = fields.choice("missing", MissingOrigin.self) ?? .deny
        guard let list = fields.required("allow", example: "[\"https://app.example.com\"]"),
            let nodes = decoder.list(list, "allow")
        else { return nil }
        if nodes.isEmpty, missing == .deny {
            decoder.refuse(
                list.position,
                "`allow` is empty, so nothing would pass; name the origins of your pages, or say `missing: allow`")
        }
        let allow = decoder.each(nodes, decoder.origin)
        decoder.warnNeedlessOrigins(allow, nodes)
        return .origin(OriginSettings(allow: allow, admitsMissing: missing == .allow))
    }
}

enum MissingOrigin: String, CaseIterable {
    case allow
    case deny
}

extension PolicyDecoder {
    /// `SCHEME://HOST[:PORT]`, where the host may begin with `*.`; an IPv6 host keeps its brackets, as in an Origin.
    fileprivate func origin(_ node: YAMLNode) -> OriginSettings.Pattern? {
        func refused(_ message: String, suggestion: String? = nil) -> OriginSettings.Pattern? {
            refuse(node.position, message, suggestion: suggestion)
            return nil
        }
        if node.scalarKind == .null || node.scalarKind == .string, case .scalar("null", _) = node.content {
            return refused("the origin `null` is what any sandboxed page sends, so it cannot be allowed")
        }
        guard let text = word(node, "allow") else { return nil }
        if text == "*" {
            return refused(
                "`*` would let every page in, which this check is there to prevent; name the origins of your pages")
        }
        guard let (scheme, rest) = URLScheme.split(text) else {
            return refused(
                "an origin is SCHEME://HOST or SCHEME://HOST:PORT, not \(quoted(text)); write \(quoted("https://" + text))",
                suggestion: "https://\(text)"
            )
        }
        let authority = String(rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" })
        if authority.utf8.count != rest.utf8.count {
            let meant = "\(scheme)://\(authority)"
            return refused("an origin ends with its host or port, so write \(quoted(meant))", suggestion: meant)
        }
        let split = HostAndPort.split(authority)
        let host = split?.host ?? authority
        if split == nil, host.utf8.contains(UInt8(ascii: ":")), !host.hasSuffix("]") {
            return refused("\(quoted(text)) needs a port from 1 to 65535 behind its last colon; IPv6 goes in brackets")
        }
        guard let port = split?.port ?? Self.defaultPort(scheme) else {
            return refused("`\(scheme)` has no usual port, so \(quoted(text)) needs one: \(quoted("\(text):443"))")
        }
        guard port != 0 else { return refused("\(quoted(text)) needs a port from 1 to 65535") }
        let isWildcard = host.hasPrefix("*.")
        switch HostAndPort.host(isWildcard ? String(host.dropFirst(2)) : host) {
        case .failure(let problem): return refused(problem.message(host))
        case .success(let name):
            let address = IPAddress(name)
            if isWildcard, address != nil {
                return refused("\(quoted(text)) is an address, and nothing is below an address")
            }
            return OriginSettings.Pattern(
                scheme: scheme, host: address?.isIPv6 == true ? "[\(name)]" : name, port: port,
                matchesSubdomains: isWildcard)
        }
    }

    /// Origins that another one of the list holds already.
    fileprivate func warnNeedlessOrigins(_ origins: [OriginSettings.Pattern], _ nodes: [YAMLNode]) {
        guard origins.count == nodes.count else { return }
        var seen: Set<OriginSettings.Pattern> = []
        let wildcards = Set(origins.filter(\.matchesSubdomains))
        for (origin, node) in zip(origins, nodes) {
            guard case .scalar(let text, _) = node.content else { continue }
            if !seen.insert(origin).inserted {
                warn(node.position, "\(quoted(text)) stands in this list twice; remove one of them")
            } else if let wildcard = origin.parents.first(where: wildcards.contains) {
                warn(node.position, "\(quoted(text)) is below `\(wildcard)` of the same list; leave it out")
            }
        }
    }

    private static func defaultPort(_ scheme: String) -> UInt16? {
        switch scheme {
        case "http", "ws": 80
        case "https", "wss": 443
        default: nil
        }
    }
}

extension OriginSettings.Pattern {
    /// The wildcards that hold all that this one does, without itself.
    fileprivate var parents: [Self] {
        HostNames.parents(of: host).map { parent in
            Self(scheme: scheme, host: String(parent.dropFirst(2)), port: port, matchesSubdomains: true)
        }
    }
}
