import PolicyModel

/// Where an issuer's keys are.
extension PolicyDecoder {
    func keySource(_ node: YAMLNode) -> JWTSettings.KeySource? {
        guard let fields = fields(node, of: "`keys`", keys: ["file", "url", "refresh", "timeout", "ca"]) else {
            return nil
        }
        let file = fields.decoded("file") { filePath($0, "file") }
        let url = fields.decoded("url", keyURL)
        let refresh = fields.decoded("refresh") {
            duration($0, "refresh", in: .seconds(30) ... .seconds(86_400), "from 30s to 24h")
        }
        let timeout = fields.decoded("timeout") {
            duration($0, "timeout", in: .milliseconds(100) ... .seconds(60), "from 100ms to 60s")
        }
        let authority = fields.decoded("ca") { filePath($0, "ca") }
        switch (fields["file"], fields["url"]) {
        case (nil, nil):
            if !fields.isMisspelt("file"), !fields.isMisspelt("url") {
                refuse(fields.position, "`keys` needs `file` or `url`, such as `file: jwks.json`")
            }
            return nil
        case (_?, let url?):
            refuse(url.position, "`keys` has either `file` or `url`")
            return nil
        case (_?, nil):
            for key in ["refresh", "timeout", "ca"] where fields[key] != nil {
                refuse(fields.keyPosition(key), "`\(key)` is for keys from a `url`; a file is read whenever it changes")
            }
            return file.map { .file($0) }
        case (nil, _?):
            guard let url else { return nil }
            var service = JWTSettings.KeyService(url: url, authority: authority)
            service.refresh = refresh ?? service.refresh
            service.timeout = timeout ?? service.timeout
            return .url(service)
        }
    }

    private func duration(
        _ node: YAMLNode, _ key: String, in range: ClosedRange<Duration>, _ words: String
    ) -> Duration? {
        guard let duration = duration(node, key) else { return nil }
        guard range.contains(duration) else {
            refuse(node.position, "`\(key)` must be \(words)")
            return nil
        }
        return duration
    }

    /// Who can change what comes from there can let anybody in: so TLS, but for this machine itself.
    private func keyURL(_ node: YAMLNode) -> String? {
        guard let text = word(node, "url") else { return nil }
        func refused(_ message: String) -> String? {
            refuse(node.position, message)
            return nil
        }
        guard let (scheme, rest) = URLScheme.split(text), scheme == "https" || scheme == "http" else {
            return refused("`url` is https://HOST[:PORT]/PATH, not \(quoted(text))")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "\\") })
        else { return refused("`url` has no spaces, controls, backslashes and no fragment: \(quoted(text))") }
        let authority = String(rest.prefix { $0 != "/" && $0 != "?" })
        if authority.utf8.contains(UInt8(ascii: "@")) { return refused("`url` has no user name and no password") }
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
            guard scheme == "https" || Self.isLoopback(name) else {
                return refused("keys come over https://; http:// is for an address of this machine alone")
            }
            // The client knows the scheme in lower case.
            return scheme + "://" + rest
        }
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" { return true }
        return switch IPAddress(host) {
        case .v4?: host.hasPrefix("127.")
        case .v6?: host == "::1"
        case nil: false
        }
    }
}
