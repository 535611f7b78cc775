import PolicyModel

extension MiddlewareDecoder {
    static let identityAssertion = MiddlewareDecoder(
        name: "identity_assertion", mapping: .identityAssertion, runsBeforeTLS: false
    ) { decoder, fields in
        let header = fields.decoded("header", decoder.assertionHeader)
        // An assertion is for the handshake that it goes with, not for keeping.
        let lifetime = fields.decoded("ttl") {
            decoder.duration($0, "ttl", in: .seconds(1) ... .seconds(3600), "from 1s to 1h")
        }
        let audience = fields.required("audience", example: "chat-server") { decoder.text($0, "audience") }
        guard let audience else { return nil }
        var settings = IdentityAssertionSettings(audience: audience)
        settings.header = header ?? settings.header
        settings.lifetime = lifetime ?? settings.lifetime
        return .identityAssertion(settings)
    }
}

extension PolicyDecoder {
    fileprivate func assertionHeader(_ node: YAMLNode) -> String? {
        guard let name = text(node, "header") else { return nil }
        if !HeaderName.isValid(name) {
            refuse(node.position, "\(quoted(name)) is no header name (RFC 9110 section 5.1)")
        } else if HeaderName.isOwned(name, by: .request) {
            refuse(node.position, "the header \(quoted(name)) belongs to the gateway and carries no assertion")
        } else {
            return name
        }
        return nil
    }
}
