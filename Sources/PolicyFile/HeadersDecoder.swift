import PolicyModel

extension MiddlewareDecoder {
    static let headers = MiddlewareDecoder(name: "headers", mapping: .headers, runsBeforeTLS: false) {
        decoder, fields in
        guard fields["request"] != nil || fields["response"] != nil else {
            decoder.refuse(
                fields.position, "`headers` needs `request` or `response`, such as `request: { remove: [Cookie] }`")
            return nil
        }
        return .headers(
            HeadersSettings(
                request: fields.decoded("request") { decoder.edits($0, .request) } ?? HeadersSettings.Edits(),
                response: fields.decoded("response") { decoder.edits($0, .response) } ?? HeadersSettings.Edits()))
    }
}

extension PolicyDecoder {
    fileprivate func edits(_ node: YAMLNode, _ side: HeaderName.Side) -> HeadersSettings.Edits? {
        guard let fields = fields(node, of: side == .request ? .requestEdits : .responseEdits) else { return nil }
        let remove = each(fields.list("remove") ?? []) { node -> String? in
            guard let name = text(node, "remove"), checkHeaderName(name, node.position, side) else { return nil }
            return name
        }
        return HeadersSettings.Edits(
            remove: remove, set: fields["set"].map { values($0, "set", side) } ?? [],
            add: fields["add"].map { values($0, "add", side) } ?? [])
    }

    private func values(_ node: YAMLNode, _ key: String, _ side: HeaderName.Side) -> [(name: String, value: Template)] {
        guard case .mapping(let entries) = node.content else {
            refuse(
                node.position, "`\(key)` must be a mapping from header names to values, not \(node.kindDescription)")
            return []
        }
        var seen: [String: String] = [:]
        return entries.compactMap { entry in
            guard checkHeaderName(entry.key, entry.keyPosition, side) else { return nil }
            if let first = seen.updateValue(entry.key, forKey: HeaderName.plain(entry.key)) {
                refuse(
                    entry.keyPosition, "\(quoted(entry.key)) and \(quoted(first)) are one header; remove one of them")
            }
            return checked(entry.value) { headerValue($0, entry.key) }.map { (entry.key, $0) }
        }
    }

    private func checkHeaderName(_ name: String, _ position: SourcePosition, _ side: HeaderName.Side) -> Bool {
        guard HeaderName.isValid(name) else {
            refuse(position, "\(quoted(name)) is no header name (RFC 9110 section 5.1)")
            return false
        }
        guard !HeaderName.isOwned(name, by: side) else {
            refuse(
                position,
                "the header \(quoted(name)) belongs to the gateway, which sets or removes it as the protocol needs it")
            return false
        }
        return true
    }

    /// A header's value with `${…}` variables.
    private func headerValue(_ node: YAMLNode, _ header: String) -> Template? {
        guard let text = string(node, header) else { return nil }
        guard text.unicodeScalars.allSatisfy({ ($0.value >= 0x20 && $0.value != 0x7f) || $0 == "\t" }) else {
            refuse(node.position, "the value of `\(header)` holds a control character, such as a line break")
            return nil
        }
        return template(node, header)
    }
}

/// Names of header fields.
enum HeaderName {
    /// Toward the upstream, or toward the client.
    enum Side: String {
        case request
        case response
    }

    /// A token of RFC 9110 section 5.6.2.
    static func isValid(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// As names are compared: without case, `_` and `-` equal.
    static func plain(_ name: String) -> String {
        String(name.lowercased().map { $0 == "_" ? "-" : $0 })
    }

    /// Whether the gateway decides about this header alone: framing, the handshake, and who the client is.
    static func isOwned(_ name: String, by side: Side) -> Bool {
        let plain = plain(name)
        return plain.hasPrefix("sec-websocket-") || owned.contains(plain)
            || (side == .request && ownedInRequests.contains(plain))
    }

    private static let owned: Set<String> = [
        "connection", "content-length", "host", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
        "upgrade",
    ]
    private static let ownedInRequests: Set<String> = [
        "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto",
    ]
}
