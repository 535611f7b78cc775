import PolicyModel

/// Where a service is called by HTTP.
struct ServiceURL {
    /// The whole of it, the scheme in lower case as a client wants it.
    let text: String
    let isSecure: Bool
    let host: String
}

extension PolicyDecoder {
    /// `http://` or `https://`, without anything secret before the host.
    func serviceURL(_ node: YAMLNode, _ key: String) -> ServiceURL? {
        guard let text = word(node, key) else { return nil }
        func refused(_ message: String, suggestion: String? = nil) -> ServiceURL? {
            refuse(node.position, message, suggestion: suggestion)
            return nil
        }
        guard let (scheme, rest) = URLScheme.split(text) else {
            return refused(
                "`\(key)` is https://HOST[:PORT]/PATH, or http://, not \(quoted(text)); write \(quoted("https://" + text))",
                suggestion: "https://\(text)"
            )
        }
        guard scheme == "https" || scheme == "http" else {
            return refused("`\(key)` is https://HOST[:PORT]/PATH, or http://, not \(quoted(text))")
        }
        let authority = String(rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" && $0 != "\\" })
        // Looked for first: what stands before the sign is not to be shown.
        if authority.utf8.contains(UInt8(ascii: "@")) {
            return refused("`\(key)` has no user name and no password")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "\\") })
        else { return refused("`\(key)` has no spaces, controls, backslashes and no fragment: \(quoted(text))") }
        let host: String
        if let split = HostAndPort.split(authority) {
            guard split.port != 0 else { return refused("\(quoted(text)) needs a port from 1 to 65535") }
            host = split.host
        } else if authority.utf8.contains(UInt8(ascii: ":")), !authority.hasSuffix("]") {
            return refused("\(quoted(text)) needs a port from 1 to 65535 behind its last colon; IPv6 goes in brackets")
        } else {
            host = authority
        }
        switch HostAndPort.host(host) {
        case .failure(let problem): return refused(problem.message(host))
        case .success(let name):
            return ServiceURL(text: "\(scheme)://\(rest)", isSecure: scheme == "https", host: name)
        }
    }
}
