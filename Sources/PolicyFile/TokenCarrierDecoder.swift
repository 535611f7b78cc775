import PolicyModel

/// What the `from` of a `token` says.
struct DecodedCarriers {
    var carriers: [TokenSettings.Carrier] = []
    var ticketParameter: String?
    var firstMessage: FirstMessageSettings?
}

extension PolicyDecoder {
    /// The `from` of a `token`.
    func carriers(_ node: YAMLNode) -> DecodedCarriers? {
        guard let nodes = list(node, "from") else { return nil }
        if nodes.isEmpty {
            refuse(node.position, "`from` is empty, so no token could be found; leave it out to look at Authorization")
        }
        var decoded = DecodedCarriers()
        for node in nodes { checked(node) { carrier($0, into: &decoded) } }
        if decoded.ticketParameter != nil, !decoded.carriers.contains(where: \.canAskForTickets) {
            refuse(
                node.position,
                "a ticket is given for a token in a header or a cookie, and `from` names neither; add `header: Authorization`"
            )
        }
        if let parameter = decoded.ticketParameter, decoded.carriers.contains(.query(parameter)) {
            refuse(
                node.position,
                "a ticket and a token cannot both stand in the query parameter \(quoted(parameter)); give one another name"
            )
        }
        return decoded
    }

    /// nil where it has said what is wrong.
    private func carrier(_ node: YAMLNode, into decoded: inout DecodedCarriers) -> Void? {
        let isTwice: Bool
        switch onlyKey(node) {
        case "ticket":
            guard let parameter = ticket(node) else { return nil }
            isTwice = decoded.ticketParameter != nil
            decoded.ticketParameter = parameter
        case "first_message":
            guard let settings = firstMessage(node) else { return nil }
            isTwice = decoded.firstMessage != nil
            decoded.firstMessage = settings
        default:
            guard let carrier = carrier(node) else { return nil }
            isTwice = decoded.carriers.contains(carrier)
            decoded.carriers.append(carrier)
        }
        if isTwice { refuse(node.position, "this carrier stands in `from` twice; remove one of them") }
        return ()
    }

    private func onlyKey(_ node: YAMLNode) -> String? {
        guard case .mapping(let entries) = node.content, entries.count == 1 else { return nil }
        return entries.first?.key
    }

    /// `{ ticket: {} }` or `{ ticket: { query: NAME } }`.
    private func ticket(_ node: YAMLNode) -> String? {
        guard case .mapping(let entries) = node.content, let value = entries.first?.value,
            let fields = fields(value, of: .ticket)
        else { return nil }
        return fields["query"] == nil ? "ticket" : fields.decoded("query") { queryParameter($0, "query") }
    }

    /// `{ first_message: {} }`, with `timeout` and `pointer`.
    private func firstMessage(_ node: YAMLNode) -> FirstMessageSettings? {
        guard case .mapping(let entries) = node.content, let value = entries.first?.value,
            let fields = fields(value, of: .firstMessage)
        else { return nil }
        let pointer =
            fields["pointer"] == nil ? JSONPointer("/token") : fields.decoded("pointer") { tokenPointer($0, "pointer") }
        guard let pointer else { return nil }
        var settings = FirstMessageSettings(pointer: pointer)
        settings.timeout = fields.duration("timeout") ?? settings.timeout
        return settings
    }

    /// Where a token stands in a message: no deeper than a message with a token is read.
    func tokenPointer(_ node: YAMLNode, _ key: String) -> JSONPointer? {
        guard let pointer = jsonPointer(node, key) else { return nil }
        if (1...16).contains(pointer.tokens.count) { return pointer }
        refuse(node.position, "`\(key)` to a token has 1 to 16 steps, such as `/token`")
        return nil
    }

    private func carrier(_ node: YAMLNode) -> TokenSettings.Carrier? {
        if case .mapping(let entries) = node.content, entries.contains(where: { $0.key == "header" }) {
            return headerCarrier(node)
        }
        guard let entry = single(node, of: .carrier) else { return nil }
        if entry.key == "query" { return queryParameter(entry.value, entry.key).map { .query($0) } }
        guard let text = text(entry.value, entry.key) else { return nil }
        if entry.key == "subprotocol" {
            if HeaderName.isValid(text) { return .subprotocol(prefix: text) }
            refuse(
                entry.value.position,
                "\(quoted(text)) cannot begin a subprotocol (RFC 6455 section 4.1); a usual prefix is `bearer.`")
        } else {
            if HeaderName.isValid(text) { return .cookie(text) }
            refuse(entry.value.position, "\(quoted(text)) is no cookie name (RFC 6265 section 4.1.1)")
        }
        return nil
    }

    private func queryParameter(_ node: YAMLNode, _ key: String) -> String? {
        guard let text = text(node, key) else { return nil }
        if text.utf8.allSatisfy(URLPath.isUnreserved) { return text }
        refuse(
            node.position, "a query parameter's name has letters, digits, `-`, `.`, `_` and `~`, not \(quoted(text))")
        return nil
    }

    /// `{ header: NAME }` or `{ header: NAME, scheme: WORD }`. `Authorization` has a scheme in any case.
    private func headerCarrier(_ node: YAMLNode) -> TokenSettings.Carrier? {
        guard let fields = fields(node, of: .headerCarrier) else { return nil }
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
