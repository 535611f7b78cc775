import PolicyModel

extension MiddlewareDecoder {
    static let authorize = MiddlewareDecoder(
        name: "authorize",
        mapping: .authorize,
        runsBeforeTLS: false
    ) { decoder, fields in
        let timeout = fields.decoded("timeout") {
            decoder.duration($0, "timeout", in: .milliseconds(100) ... .seconds(60), "from 100ms to 60s")
        }
        let requestHeaders = fields.decoded("copy_request_headers") {
            decoder.headerNames($0, "copy_request_headers", isOwned: PolicyDecoder.isToldByGateway)
        }
        let responseHeaders = fields.decoded("copy_response_headers") {
            decoder.headerNames($0, "copy_response_headers") { HeaderName.isOwned($0, by: .request) }
        }
        let subject = fields.decoded("subject_header") { node -> String? in
            guard let name = decoder.text(node, "subject_header") else { return nil }
            if HeaderName.isValid(name) { return name }
            decoder.refuse(node.position, "\(quoted(name)) is no header name (RFC 9110 section 5.1)")
            return nil
        }
        let authority = fields.decoded("ca") { decoder.filePath($0, "ca") }
        let url = fields.required("url", example: "https://auth.example.com/check") {
            decoder.serviceURL($0, "url")?.text
        }
        var settings = AuthorizeSettings(url: url ?? "")
        settings.copiedRequestHeaders = requestHeaders ?? settings.copiedRequestHeaders
        // A list that could not be read says nothing of what is not in it.
        let copied =
            fields["copy_request_headers"] != nil && requestHeaders == nil ? nil : settings.copiedRequestHeaders
        settings.cache = fields.decoded("cache") { decoder.authorizationCache($0, copied: copied) }
        guard let url else { return nil }
        if fields["ca"] != nil, url.hasPrefix("http://") {
            decoder.refuse(fields.keyPosition("ca"), "`ca` is for an https:// `url`; this one is not encrypted")
        }
        settings.timeout = timeout ?? settings.timeout
        settings.copiedResponseHeaders = responseHeaders ?? settings.copiedResponseHeaders
        settings.subjectHeader = subject
        settings.authority = authority
        return .authorize(settings)
    }
}

extension PolicyDecoder {
    /// A list of header names, each one once.
    fileprivate func headerNames(_ node: YAMLNode, _ key: String, isOwned: (String) -> Bool) -> [String]? {
        guard let nodes = list(node, key) else { return nil }
        var seen: [String: String] = [:]
        return each(nodes) { node -> String? in
            guard let name = text(node, key) else { return nil }
            if !HeaderName.isValid(name) {
                refuse(node.position, "\(quoted(name)) is no header name (RFC 9110 section 5.1)")
                return nil
            }
            if isOwned(name) {
                refuse(node.position, "the header \(quoted(name)) belongs to the gateway, which writes it itself")
                return nil
            }
            if let first = seen.updateValue(name, forKey: HeaderName.plain(name)) {
                refuse(node.position, "\(quoted(name)) and \(quoted(first)) are one header; remove one of them")
            }
            return name
        }
    }

    /// Whether the gateway writes this header to an authorisation service, whatever the client has sent.
    fileprivate static func isToldByGateway(_ name: String) -> Bool {
        let plain = HeaderName.plain(name)
        return HeaderName.isOwned(name, by: .request) || plain.hasPrefix("x-forwarded-")
            || ["x-original-url", "x-request-id"].contains(plain)
    }

    /// `{ ttl: 30s, key: [Authorization] }`. `copied` is nil where nobody knows what is copied.
    fileprivate func authorizationCache(_ node: YAMLNode, copied: [String]?) -> AuthorizeSettings.Cache? {
        guard let fields = fields(node, of: .cache) else { return nil }
        let lifetime = fields.required("ttl", example: "30s") {
            duration($0, "ttl", in: .seconds(1) ... .seconds(3600), "from 1s to 1h")
        }
        let key = fields.list("key").map { nodes in
            each(nodes) { node -> String? in
                guard let name = text(node, "key") else { return nil }
                guard let copied else { return name }
                // As it is copied.
                let known = copied.first { $0.lowercased() == name.lowercased() }
                if known == nil {
                    let meant = Suggestion.nearest(to: name, among: copied)
                    refuse(
                        node.position,
                        "`key` has \(quoted(name)), which the service is not shown; "
                            + (meant.map { "did you mean `\($0)`?" } ?? "add it to `copy_request_headers`"),
                        suggestion: meant)
                }
                return known
            }
        }
        guard let lifetime else { return nil }
        return AuthorizeSettings.Cache(lifetime: lifetime, key: key ?? copied ?? [])
    }
}
