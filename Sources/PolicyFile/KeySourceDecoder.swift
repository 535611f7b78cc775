import PolicyModel

/// Where an issuer's keys are.
extension PolicyDecoder {
    func keySource(_ node: YAMLNode) -> JWTSettings.KeySource? {
        guard let fields = fields(node, of: .keys) else {
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

    /// Who can change what comes from there can let anybody in: so TLS, but for this machine itself.
    private func keyURL(_ node: YAMLNode) -> String? {
        guard let url = serviceURL(node, "url") else { return nil }
        if url.isSecure || Self.isLoopback(url.host) { return url.text }
        refuse(node.position, "keys come over https://; http:// is for an address of this machine alone")
        return nil
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || IPAddress(host)?.isLoopback == true
    }
}
