import PolicyModel

extension PolicyTestDecoder {
    private static let handshakeKeys = [
        "url", "host", "path", "listener", "address", "method", "origin", "headers", "subprotocols", "claims", "token",
        "client_certificate", "time", "repeat", "every", "authorization", "first_message",
    ]

    /// A handshake; what it does not say is as in `defaults`, and what it says `null` to is not there at all.
    func handshake(_ node: YAMLNode, of subject: String, over defaults: TestHandshake) -> TestHandshake? {
        guard let fields = decoder.fields(node, inTests: subject, keys: Self.handshakeKeys) else { return nil }
        var handshake = defaults
        readPlace(fields, &handshake)
        readCredential(fields, &handshake)
        replace(&handshake.listener, fields, "listener") { decoder.text($0, "listener") }
        replace(&handshake.address, fields, "address", address)
        replace(&handshake.method, fields, "method") { header("method", $0) }
        replace(&handshake.origin, fields, "origin") { header("origin", $0) }
        replace(&handshake.clientCertificate, fields, "client_certificate") { header("client_certificate", $0) }
        replace(&handshake.time, fields, "time", moment)
        replace(&handshake.firstMessage, fields, "first_message", firstMessage)
        if let node = fields["authorization"] {
            var nodes = [node]
            if case .sequence(let elements) = node.content { nodes = elements }
            handshake.authorization = isNull(node) ? [] : decoder.each(nodes, authorization)
        }
        if let node = fields["subprotocols"] {
            handshake.subprotocols = isNull(node) ? [] : texts(node, "subprotocols")
        }
        if let node = fields["headers"] { readHeaders(node, &handshake.headers) }
        if let count = fields.integer("repeat", in: 1...Self.maximumRepetitions) { handshake.repetitions = count }
        if let interval = fields.duration("every") { handshake.interval = interval }
        return handshake
    }

    /// Puts what stands under `key` in the value's place.
    private func replace<Value>(
        _ value: inout Value?, _ fields: Fields, _ key: String, _ decode: (YAMLNode) -> Value?
    ) {
        guard let node = fields[key] else { return }
        value = isNull(node) ? nil : decoder.checked(node, decode)
    }

    /// Written out: a value that was forgotten takes nothing away.
    private func isNull(_ node: YAMLNode) -> Bool {
        guard node.scalarKind == .null, case .scalar(let text, _) = node.content else { return false }
        return !text.isEmpty
    }

    private func readPlace(_ fields: Fields, _ handshake: inout TestHandshake) {
        if fields["url"] != nil || fields.isMisspelt("url") {
            // One that cannot be read is not missing as well.
            let url = fields.decoded("url", url)
            (handshake.host, handshake.target) = (url?.host ?? "", url?.target ?? "/")
        }
        if let host = fields.decoded("host", { header("host", $0) }) { handshake.host = host }
        guard let path = fields.decoded("path", { header("path", $0) }), let node = fields["path"] else { return }
        if path.hasPrefix("/") {
            handshake.target = path
        } else {
            decoder.refuse(node.position, "`path` must begin with `/`, not be \(quoted(path)); a query may follow it")
        }
    }

    /// `wss://HOST[:PORT][/PATH][?QUERY]`. What is wrong with host and path beyond that the gateway itself says when it is asked.
    private func url(_ node: YAMLNode) -> (host: String, target: String)? {
        guard let text = header("url", node) else { return nil }
        let usual = "`url` is wss://HOST/PATH, such as wss://chat.example.com/chat"
        guard let (scheme, rest) = URLScheme.split(text), ["wss", "https"].contains(scheme) else {
            decoder.refuse(node.position, "\(usual), not \(quoted(text))")
            return nil
        }
        let host = rest.prefix { $0 != "/" && $0 != "?" }
        guard !host.isEmpty, !rest.utf8.contains(UInt8(ascii: "#")) else {
            decoder.refuse(node.position, "\(usual), with a host and without a fragment, not \(quoted(text))")
            return nil
        }
        let target = String(rest.dropFirst(host.count))
        return (String(host), target.hasPrefix("/") ? target : "/\(target)")
    }

    /// A text that stands in a request's head.
    private func header(_ key: String, _ node: YAMLNode) -> String? {
        guard let text = decoder.text(node, key) else { return nil }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }), text.utf8.count <= 16 * 1024 else {
            decoder.refuse(node.position, "`\(key)` is at most 16 KiB without control characters, such as line breaks")
            return nil
        }
        return text
    }

    private func address(_ node: YAMLNode) -> IPAddress? {
        guard let text = decoder.word(node, "address") else { return nil }
        if let address = IPAddress(text) { return address }
        decoder.refuse(
            node.position,
            "`address` is the client's IP address, such as 198.51.100.7 or 2001:db8::7, not \(quoted(text))")
        return nil
    }

    private func moment(_ node: YAMLNode) -> Int64? {
        guard let text = decoder.word(node, "time") else { return nil }
        if let seconds = words.unixSeconds(text) { return seconds }
        decoder.refuse(node.position, "`time` is a moment such as 2026-01-31T12:00:00Z (RFC 3339), not \(quoted(text))")
        return nil
    }

    func texts(_ node: YAMLNode, _ key: String) -> [String] {
        decoder.each(decoder.list(node, key) ?? []) { decoder.text($0, key) }
    }
}

extension PolicyTestDecoder {
    /// Each name that stands here takes the place of those of `defaults`; several values make several fields.
    private func readHeaders(_ node: YAMLNode, _ headers: inout [(name: String, value: String)]) {
        guard !isNull(node) else {
            headers = []
            return
        }
        guard let entries = headerEntries(node, "headers") else { return }
        for entry in entries {
            let plain = entry.key.lowercased()
            headers.removeAll { $0.name.lowercased() == plain }
            guard !isNull(entry.value) else { continue }
            if let own = Self.ownKeys[plain] {
                decoder.refuse(entry.keyPosition, "write \(own) instead of the header \(quoted(entry.key))")
                continue
            }
            var values = [entry.value]
            if case .sequence(let elements) = entry.value.content { values = elements }
            headers += decoder.each(values) { header(entry.key, $0) }.map { (entry.key, $0) }
        }
    }

    /// Headers that are made of other keys.
    private static let ownKeys = [
        "host": "`host`", "origin": "`origin`", "sec-websocket-protocol": "`subprotocols`",
    ]

    /// The entries of a mapping from header names.
    func headerEntries(_ node: YAMLNode, _ key: String) -> [YAMLNode.Entry]? {
        guard case .mapping(let entries) = node.content else {
            decoder.refuse(
                node.position, "`\(key)` must be a mapping from header names to values, not \(node.kindDescription)")
            return nil
        }
        return entries.filter { entry in
            if HeaderName.isValid(entry.key) { return true }
            decoder.refuse(entry.keyPosition, "\(quoted(entry.key)) is no header name (RFC 9110 section 5.1)")
            return false
        }
    }

    /// `unavailable`, or `{ status: 200, headers: { X-User: alice } }`
    private func authorization(_ node: YAMLNode) -> MadeUpAuthorization? {
        if case .scalar("unavailable", _) = node.content { return MadeUpAuthorization(status: nil) }
        let keys = ["url", "status", "headers"]
        guard let fields = decoder.fields(node, inTests: "`authorization`", keys: keys) else { return nil }
        let url = fields.decoded("url") { header("url", $0) }
        let status = fields.required("status", example: "200") { decoder.integer($0, "status", in: 200...599) }
        var headers: [(name: String, value: String)] = []
        for entry in fields["headers"].flatMap({ headerEntries($0, "headers") }) ?? [] {
            if let value = decoder.checked(entry.value, { header(entry.key, $0) }) {
                headers.append((entry.key, value))
            }
        }
        return status.map { MadeUpAuthorization(url: url, status: $0, headers: headers) }
    }

    private func firstMessage(_ node: YAMLNode) -> String? {
        switch payload(node, of: "`first_message`") {
        case nil: return nil
        case .text(let text): return text
        case .json(let value): return value.text
        case .binary, .renewal:
            decoder.refuse(node.position, "`first_message` is a text or JSON: a token is never looked for in bytes")
            return nil
        }
    }
}

extension PolicyTestDecoder {
    private func readCredential(_ fields: Fields, _ handshake: inout TestHandshake) {
        if fields["claims"] != nil, fields["token"] != nil {
            decoder.refuse(
                fields.keyPosition("token"), "`token` and `claims` are two ways to say one thing; remove one of them")
        }
        replace(&handshake.credential, fields, "claims") { claims($0).map { .claims($0) } }
        replace(&handshake.credential, fields, "token") { header("token", $0).map { .token($0) } }
    }

    func claims(_ node: YAMLNode) -> TestClaims? {
        let keys = [
            "subject", "issuer", "audience", "scopes", "id", "expires_in", "expired_for", "age", "starts_in", "uses",
            "other",
        ]
        guard let fields = decoder.fields(node, inTests: "`claims`", keys: keys) else { return nil }
        guard let subject = fields.required("subject", example: "alice", { decoder.text($0, "subject") }) else {
            return nil
        }
        var claims = TestClaims(subject: subject)
        claims.issuer = fields.decoded("issuer") { decoder.text($0, "issuer") }
        if let node = fields["audience"] {
            if case .sequence = node.content {
                claims.audiences = texts(node, "audience")
            } else {
                claims.audiences = decoder.checked(node) { decoder.text($0, "audience") }.map { [$0] } ?? []
            }
        }
        if let node = fields["scopes"] { claims.scopes = texts(node, "scopes") }
        claims.id = fields.decoded("id") { decoder.text($0, "id") }
        claims.uses = fields.integer("uses", in: 1...Self.maximumRepetitions)
        readTimes(fields, &claims)
        if let node = fields["other"], case .object(let other)? = decoder.checked(node, { otherClaims($0) }) {
            claims.other = other
        }
        return claims
    }

    private func readTimes(_ fields: Fields, _ claims: inout TestClaims) {
        if let duration = fields.duration("expires_in") { claims.expiresIn = duration }
        if let duration = fields.duration("expired_for") { claims.expiresIn = .zero - duration }
        if fields["expires_in"] != nil, fields["expired_for"] != nil {
            decoder.refuse(
                fields.keyPosition("expired_for"),
                "a token expires, or has expired: remove `expires_in` or `expired_for`")
        }
        if let duration = fields.duration("age") { claims.age = duration }
        claims.startsIn = fields.duration("starts_in")
    }

    private func otherClaims(_ node: YAMLNode) -> JSONTree? {
        guard case .mapping = node.content else {
            decoder.refuse(
                node.position, "`other` must be a mapping from claims to values, not \(node.kindDescription)")
            return nil
        }
        return decoder.jsonTree(node, "other")
    }
}
