import PolicyModel

extension MiddlewareDecoder {
    static let token = MiddlewareDecoder(
        name: "token",
        mapping: .token,
        runsBeforeTLS: false
    ) { decoder, fields in
        let audience = fields.decoded("audience") { decoder.text($0, "audience") }
        let scopes = decoder.each(fields.list("scopes") ?? []) { decoder.scope($0, "scopes") }
        for key in ["scopes", "issuers"] {
            if case .sequence(let nodes)? = fields[key]?.content { decoder.warnTwice(nodes) }
        }
        let carriers = fields.decoded("from", decoder.carriers)
        let grace = fields.decoded("expiry_grace") { decoder.life($0, "expiry_grace") }
        let maximumAge = fields.decoded("max_age") { decoder.life($0, "max_age") }
        let renewal = fields.decoded("renew", decoder.renewal)
        let failures = fields.decoded("failures", decoder.failures)
        guard let list = fields.required("issuers", example: "[local]"), let nodes = decoder.list(list, "issuers")
        else {
            return nil
        }
        if nodes.isEmpty {
            decoder.refuse(list.position, "`issuers` is empty, so no token could pass; name one at least")
        }
        let issuers = decoder.each(nodes) { node -> String? in
            guard let name = decoder.text(node, "issuers") else { return nil }
            decoder.refer(to: name, in: .tokenIssuers, at: node.position)
            return name
        }
        var settings = TokenSettings(issuers: issuers, audience: audience, scopes: scopes)
        if let carriers {
            settings.carriers = carriers.carriers
            settings.ticketParameter = carriers.ticketParameter
            settings.firstMessage = carriers.firstMessage
        }
        settings.expiryGrace = grace ?? settings.expiryGrace
        settings.maximumAge = maximumAge
        settings.renewalPointer = renewal
        settings.failures = failures
        return .token(settings)
    }
}

extension PolicyDecoder {
    /// A scope-token of RFC 6749 section 3.3.
    func scope(_ node: YAMLNode, _ key: String) -> String? {
        guard let text = text(node, key) else { return nil }
        let isToken = text.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != 0x22 && $0 != 0x5c }
        guard isToken else {
            refuse(node.position, "a scope is one word without spaces, quotes and backslashes, not \(quoted(text))")
            return nil
        }
        return text
    }

    /// Tokens count whole seconds.
    fileprivate func life(_ node: YAMLNode, _ key: String) -> Duration? {
        duration(node, key, in: .seconds(1) ... .seconds(366 * 86_400), "1s at least")
    }

    /// `{}` or `{ pointer: /portcullis/token }`.
    fileprivate func renewal(_ node: YAMLNode) -> JSONPointer? {
        guard let fields = fields(node, of: .renew) else { return nil }
        return fields["pointer"] == nil
            ? JSONPointer("/portcullis/token") : fields.decoded("pointer") { tokenPointer($0, "pointer") }
    }

    fileprivate func failures(_ node: YAMLNode) -> FailureSettings? {
        guard let fields = fields(node, of: .failures) else { return nil }
        let prefix = fields.integer("ipv6_prefix", in: 1...128)
        let block = fields.required("block", example: "5m") { duration($0, "block") }
        guard let rate = fields.required("rate", example: "10/1m", { rate($0, "rate") }), let block else { return nil }
        var settings = FailureSettings(rate: rate, block: block)
        settings.ipv6Prefix = prefix ?? settings.ipv6Prefix
        return settings
    }
}
