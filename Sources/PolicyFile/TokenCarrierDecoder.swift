import PolicyModel

extension PolicyDecoder {
    /// The `from` of a `token`.
    func carriers(_ node: YAMLNode) -> [TokenSettings.Carrier]? {
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
        if case .mapping(let entries) = node.content, entries.contains(where: { $0.key == "header" }) {
            return headerCarrier(node)
        }
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
    /// `{ header: NAME }` or `{ header: NAME, scheme: WORD }`. `Authorization` has a scheme in any case.
    private func headerCarrier(_ node: YAMLNode) -> TokenSettings.Carrier? {
        guard let fields = fields(node, of: "an entry of `from`", keys: ["header", "scheme"]) else { return nil }
        let scheme = fields.decoded("scheme") { node -> String? in
            guard let scheme = text(node, "scheme") else { return nil }
            if HeaderName.isValid(scheme) { return scheme }
            refuse(node.position, "\(quoted(scheme)) is no authentication scheme (RFC 9110 section 11.1)")
            return nil
        }
        return fields.required("header") { node -> TokenSettings.Carrier? in
            guard let name = text(node, "header"), checkHeader(name, node.position) else { return nil }
            let isAuthorization = HeaderName.plain(name) == "authorization"
            return .header(name, scheme: scheme ?? (isAuthorization ? "Bearer" : nil))
        }
    }

    /// Whether a header of that name may carry a token; says why not.
    private func checkHeader(_ name: String, _ position: SourcePosition) -> Bool {
        let problem: String? =
            if !HeaderName.isValid(name) {
                "\(quoted(name)) is no header name (RFC 9110 section 5.1)"
            } else if HeaderName.plain(name) == "cookie" {
                "for a cookie write `cookie: NAME`"
            } else if HeaderName.plain(name) == "sec-websocket-protocol" {
                "for a subprotocol write `subprotocol: PREFIX`"
            } else if HeaderName.isOwned(name, by: .request) {
                "the header \(quoted(name)) belongs to the gateway and carries no token"
            } else {
                nil
            }
        if let problem { refuse(position, problem) }
        return problem == nil
    }
}
