import PolicyModel

extension PolicyTestDecoder {
    private static let whenAdmitted = ["headers", "path", "subprotocols", "subject"]

    /// `admitted`, `refused`, or a mapping with one of them and what is expected besides.
    func handshakeExpectation(_ node: YAMLNode) -> HandshakeExpectation? {
        if case .scalar(let text, _) = node.content { return plainExpectation(text, node) }
        let keys = ["admitted", "refused", "route", "status", "response_headers", "shadow"] + Self.whenAdmitted
        guard let fields = decoder.fields(node, inTests: "`expect`", keys: keys),
            var expectation = decision(fields)
        else { return nil }
        if let route = fields.decoded("route", { decoder.text($0, "route") }) { expectation.route = route }
        expectation.status = fields.integer("status", in: 400...599)
        expectation.responseHeaders = headers(fields, "response_headers")
        expectation.upstreamHeaders = headers(fields, "headers")
        expectation.target = fields.decoded("path") { decoder.text($0, "path") }
        expectation.subject = fields.decoded("subject") { decoder.text($0, "subject") }
        expectation.subprotocols = fields["subprotocols"].map { texts($0, "subprotocols") }
        expectation.shadow = fields["shadow"].map { reasons($0) }
        return expectation
    }

    private func plainExpectation(_ text: String, _ node: YAMLNode) -> HandshakeExpectation? {
        switch text {
        case "admitted": return HandshakeExpectation(.admitted, position: node.position)
        case "refused": return HandshakeExpectation(.refused(reason: nil), position: node.position)
        case _ where known.contains(text):
            decoder.refuse(node.position, "write `expect: { refused: \(text) }`")
        default:
            let usual =
                "`expect` is `admitted`, `refused`, or a mapping such as `{ refused: origin-denied, status: 403 }`"
            let meant = Suggestion.nearest(to: text, among: ["admitted", "refused"])
            decoder.refuse(
                node.position, "\(usual), not \(node.kindDescription)" + (meant.map { "; did you mean `\($0)`?" } ?? "")
            )
        }
        return nil
    }

    /// `admitted: ROUTE` or `refused: REASON`
    private func decision(_ fields: Fields) -> HandshakeExpectation? {
        if let refused = fields["refused"] {
            if fields["admitted"] != nil {
                decoder.refuse(fields.keyPosition("refused"), "`expect` is `admitted` or `refused`; remove one of them")
            }
            for key in Self.whenAdmitted where fields[key] != nil {
                decoder.refuse(
                    fields.keyPosition(key), "`\(key)` is of handshakes that are admitted, and this one is refused")
            }
            let reason = decoder.checked(refused, reason)
            return reason.map { HandshakeExpectation(.refused(reason: $0), position: refused.position) }
        }
        if fields["status"] != nil {
            decoder.refuse(
                fields.keyPosition("status"),
                "`status` is of handshakes that are refused; write `refused: REASON` beside it")
        }
        guard let admitted = fields["admitted"] else {
            if !fields.isMisspelt("admitted"), !fields.isMisspelt("refused"), fields["status"] == nil {
                decoder.refuse(fields.position, "`expect` needs `admitted: ROUTE` or `refused: REASON`")
            }
            return nil
        }
        var expectation = HandshakeExpectation(.admitted, position: admitted.position)
        expectation.route = decoder.checked(admitted) { decoder.text($0, "admitted") }
        if fields["route"] != nil {
            decoder.refuse(fields.keyPosition("route"), "`admitted` names the route already; remove `route`")
        }
        return expectation
    }

    private var known: [String] { RefusalReason.allCases.map(\.rawValue) + words.reasons }

    /// One that there is.
    private func reason(_ node: YAMLNode) -> String? {
        guard let text = decoder.text(node, "refused") else { return nil }
        if known.contains(text) { return text }
        let meant = Suggestion.nearest(to: text, among: known)
        decoder.refuse(
            node.position,
            "there is no reason \(quoted(text))"
                + (meant.map { "; did you mean `\($0)`?" }
                    ?? "; they are those of the audit log, such as `origin-denied`"))
        return nil
    }

    private func reasons(_ node: YAMLNode) -> [String] {
        decoder.each(decoder.list(node, "shadow") ?? [], reason)
    }

    /// A text: exactly that. `true`: it is there. `null`: it is not.
    private func headers(_ fields: Fields, _ key: String) -> [HeaderExpectation] {
        guard let node = fields[key], let entries = headerEntries(node, key) else { return [] }
        return entries.compactMap { entry in
            decoder.checked(entry.value) { headerValue($0, entry.key) }.map {
                HeaderExpectation(name: entry.key, value: $0, position: entry.keyPosition)
            }
        }
    }

    private func headerValue(_ node: YAMLNode, _ name: String) -> HeaderExpectation.Value? {
        switch node.scalarKind {
        case .boolean(true): return .present
        case .null, .boolean(false): return .absent
        default: return decoder.string(node, name).map { .exactly($0) }
        }
    }
}
