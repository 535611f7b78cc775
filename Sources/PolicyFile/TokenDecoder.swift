import PolicyModel

extension MiddlewareDecoder {
    static let token = MiddlewareDecoder(
        name: "token", keys: ["issuers", "from", "audience", "scopes"], runsBeforeTLS: false
    ) { decoder, fields in
        let audience = fields.decoded("audience") { decoder.text($0, "audience") }
        let scopes = decoder.each(fields.list("scopes") ?? []) { decoder.scope($0, "scopes") }
        let carriers = fields.decoded("from", decoder.carriers)
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
        settings.carriers = carriers ?? settings.carriers
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

    fileprivate func carriers(_ node: YAMLNode) -> [TokenSettings.Carrier]? {
        guard let nodes = list(node, "from") else { return nil }
        if nodes.isEmpty {
            refuse(node.position, "`from` is empty, so no token could be found; leave it out to look at Authorization")
        }
        var carriers: [TokenSettings.Carrier] = []
        for node in nodes {
            guard let carrier = checked(node, carrier) else { continue }
            if carriers.contains(carrier) {
                refuse(node.position, "this carrier stands in `from` twice; remove one of them")
            }
            carriers.append(carrier)
        }
        return carriers
    }

    private func carrier(_ node: YAMLNode) -> TokenSettings.Carrier? {
        guard
            let entry = single(
                node, of: "an entry of `from`", keys: ["header", "subprotocol", "cookie", "query"],
                later: ["ticket", "first_message"]),
            let text = text(entry.value, entry.key)
        else { return nil }
        func refused(_ message: String) -> TokenSettings.Carrier? {
            refuse(entry.value.position, message)
            return nil
        }
        switch entry.key {
        case "header":
            guard HeaderName.isValid(text) else {
                return refused("\(quoted(text)) is no header name (RFC 9110 section 5.1)")
            }
            if HeaderName.plain(text) == "cookie" { return refused("for a cookie write `cookie: NAME`") }
            if HeaderName.plain(text) == "sec-websocket-protocol" {
                return refused("for a subprotocol write `subprotocol: PREFIX`")
            }
            if HeaderName.isOwned(text, by: .request) {
                return refused("the header \(quoted(text)) belongs to the gateway and carries no token")
            }
            return .header(text)
        case "subprotocol":
            guard HeaderName.isValid(text) else {
                return refused(
                    "\(quoted(text)) cannot begin a subprotocol (RFC 6455 section 4.1); a usual prefix is `bearer.`")
            }
            return .subprotocol(prefix: text)
        case "cookie":
            guard HeaderName.isValid(text) else {
                return refused("\(quoted(text)) is no cookie name (RFC 6265 section 4.1.1)")
            }
            return .cookie(text)
        default:
            guard text.utf8.allSatisfy(URLPath.isUnreserved) else {
                return refused(
                    "a query parameter's name has letters, digits, `-`, `.`, `_` and `~`, not \(quoted(text))")
            }
            return .query(text)
        }
    }
}
