import PolicyModel

extension PolicyDecoder {
    /// One entry of `listeners`.
    func listener(_ entry: YAMLNode.Entry) -> ListenerPolicy? {
        guard let fields = fields(entry.value, of: .listener) else { return nil }
        let addressNode = fields.required("address", example: "0.0.0.0:8443")
        let address = addressNode.flatMap { socketAddress($0, "address") }
        if let address, let addressNode { bind(address, at: addressNode.position) }
        let tls = fields.required("tls", tls)
        let trusted = fields.decoded("trusted_proxies") { blocks($0, "trusted_proxies") } ?? []
        warnTrustOfEverybody(trusted, fields["trusted_proxies"], by: "X-Forwarded-For")
        let announcing = fields.decoded("proxy_protocol") { blocks($0, "proxy_protocol") } ?? []
        warnTrustOfEverybody(announcing, fields["proxy_protocol"], by: "a PROXY header")
        let admission = each(fields.list("admission") ?? []) { middleware($0, at: .admission)?.entry }
        let limits = fields.decoded("limits", listenerLimits) ?? ListenerLimits()
        guard let address, let tls else { return nil }
        var listener = ListenerPolicy(
            name: entry.key, address: address, tls: tls, trustedProxies: CIDRSet(trusted),
            proxyProtocol: CIDRSet(announcing), admission: admission, limits: limits, position: entry.keyPosition)
        if !admission.isEmpty { listener.admissionForm = fields["admission"]?.form ?? .none }
        return listener
    }

    private func tls(_ node: YAMLNode) -> TLSPolicy? {
        guard let fields = fields(node, of: .tls) else { return nil }
        // The text as it stands: 1.2 without quotes can mean nothing else.
        let version = fields.choice("minimum_version", TLSPolicy.Version.self) ?? .tls12
        guard let list = fields.required("certificates") else { return nil }
        let certificates = each(self.list(list, "certificates") ?? [], certificate)
        if case .sequence(let elements) = list.content, elements.isEmpty {
            refuse(list.position, "`certificates` is empty; a listener needs one certificate at least")
        }
        return TLSPolicy(
            certificates: certificates, minimumVersion: version,
            clientCertificates: fields.decoded("client_certificates", clientCertificates))
    }

    private func clientCertificates(_ node: YAMLNode) -> TLSPolicy.ClientCertificates? {
        // Also where it is not understood: then that is said, and nothing else.
        asksForClientCertificates = true
        guard let fields = fields(node, of: .clientCertificates) else { return nil }
        let mode = fields.choice("mode", TLSPolicy.ClientCertificates.Mode.self) ?? .require
        let authority = fields.required("authority", example: "certs/clients.pem") { filePath($0, "authority") }
        return authority.map { TLSPolicy.ClientCertificates(authority: $0, mode: mode) }
    }

    private func certificate(_ node: YAMLNode) -> TLSPolicy.CertificateFiles? {
        guard let fields = fields(node, of: .certificate) else { return nil }
        let certificate = fields.required("certificate", example: "certs/server.pem") {
            filePath($0, "certificate")
        }
        let privateKey = fields.required("private_key", example: "certs/server.key") {
            filePath($0, "private_key")
        }
        guard let certificate, let privateKey else { return nil }
        return TLSPolicy.CertificateFiles(certificate: certificate, privateKey: privateKey, position: node.position)
    }

    func filePath(_ node: YAMLNode, _ key: String) -> String? {
        guard let path = text(node, key) else { return nil }
        if path.hasPrefix("-----BEGIN") {
            refuse(node.position, "`\(key)` is the path of a PEM file; keep what is in the file out of the policy")
            return nil
        }
        guard path.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f }) else {
            refuse(node.position, "`\(key)` holds a control character, which no path should: \(quoted(path))")
            return nil
        }
        noteName(of: path)
        return path
    }

    private func listenerLimits(_ node: YAMLNode) -> ListenerLimits? {
        guard let fields = fields(node, of: .listenerLimits) else { return nil }
        var limits = ListenerLimits()
        limits.connections = fields.integer("connections", in: 1...1_000_000) ?? limits.connections
        limits.headerBytes = fields.size("header_bytes", in: 1024...1 << 20) ?? limits.headerBytes
        limits.handshakeTimeout = fields.duration("handshake_timeout") ?? limits.handshakeTimeout
        limits.drainWindow = fields.duration("drain_window") ?? limits.drainWindow
        return limits
    }
}
