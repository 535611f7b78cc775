import PolicyModel

extension PolicyDecoder {
    /// One entry of `token_issuers`.
    func tokenIssuer(_ entry: YAMLNode.Entry) -> TokenIssuerPolicy? {
        forms.note(issuer: entry.key, entry.value)
        guard let kind = single(entry.value, of: .tokenIssuer) else { return nil }
        switch kind.key {
        case "jwt":
            return jwt(kind.value).map {
                TokenIssuerPolicy(name: entry.key, kind: .jwt($0), position: entry.keyPosition)
            }
        default:
            guard fields(kind.value, of: .builtin) != nil else { return nil }
            return TokenIssuerPolicy(name: entry.key, kind: .builtin, position: entry.keyPosition)
        }
    }

    private func jwt(_ node: YAMLNode) -> JWTSettings? {
        guard let fields = fields(node, of: .jwt) else { return nil }
        let issuer = fields.required("issuer", example: "https://id.example.com/") { issuerName($0) }
        let audiences = fields.required("audiences", example: "[chat]") { node in
            filled(node, "audiences", "name one at least, or a token that is meant for anybody would open the door") {
                text($0, "audiences")
            }
        }
        let algorithms = fields.required("algorithms", example: "[ES256]", self.algorithms)
        let keys = fields.required("keys", example: "{ file: jwks.json }", keySource)
        let skew = fields.decoded("clock_skew") { clockSkew($0) }
        let scopeClaim = fields.decoded("scope_claim") { jsonPointer($0, "scope_claim") }
        let requiredClaims = each(fields.list("required_claims") ?? [], requiredClaim)
        guard let issuer, let audiences, let algorithms, let keys else { return nil }
        if case .url = keys, algorithms.contains(where: \.isSymmetric) {
            refuse(fields.keyPosition("keys"), "keys of HS256, HS384 and HS512 are secrets, which belong in a `file`")
        }
        var settings = JWTSettings(issuer: issuer, audiences: audiences, algorithms: algorithms, keys: keys)
        settings.clockSkew = skew ?? settings.clockSkew
        settings.scopeClaim = scopeClaim
        settings.requiredClaims = requiredClaims
        return settings
    }

    /// An `iss`, which no other issuer may have: it says by whose rules a token is judged.
    private func issuerName(_ node: YAMLNode) -> String? {
        guard let name = text(node, "issuer") else { return nil }
        if name == "portcullis" {
            refuse(node.position, "`portcullis` is what the builtin issuer calls itself")
        } else if let first = issuerNames[name] {
            refuse(node.position, "the issuer \(quoted(name)) stands in two token issuers, first at \(first)")
        } else {
            issuerNames[name] = node.position
        }
        return name
    }

    /// A list of one at least.
    private func filled<Value>(
        _ node: YAMLNode, _ key: String, _ advice: String, _ decode: (YAMLNode) -> Value?
    ) -> [Value]? {
        guard let nodes = list(node, key) else { return nil }
        if nodes.isEmpty { refuse(node.position, "`\(key)` is empty; \(advice)") }
        warnTwice(nodes)
        return each(nodes, decode)
    }

    private func algorithms(_ node: YAMLNode) -> [JWTSettings.Algorithm]? {
        let algorithms = filled(node, "algorithms", "name those that the issuer signs with") { node in
            if case .scalar(let text, _) = node.content, text.lowercased() == "none" {
                refuse(node.position, "tokens without a signature are never admitted")
                return nil as JWTSettings.Algorithm?
            }
            return choice(node, "algorithms", JWTSettings.Algorithm.self)
        }
        if let algorithms, let first = algorithms.first,
            algorithms.contains(where: { $0.isSymmetric != first.isSymmetric })
        {
            refuse(
                node.position,
                "HS256, HS384 and HS512 cannot stand beside others: a public key could be taken for their secret")
        }
        return algorithms
    }

    private func clockSkew(_ node: YAMLNode) -> Duration? {
        guard let skew = duration(node, "clock_skew") else { return nil }
        guard skew <= .seconds(300) else {
            refuse(node.position, "`clock_skew` must be at most 5m: a clock that is further off should be set right")
            return nil
        }
        return skew
    }

    private func requiredClaim(_ node: YAMLNode) -> JWTSettings.RequiredClaim? {
        guard
            let fields = fields(node, of: .requiredClaim)
        else { return nil }
        let pointer = fields.required("pointer", example: "/roles") { jsonPointer($0, "pointer") }
        let equals = fields.decoded("equals") { jsonScalar($0, "equals") }
        let contains = fields.decoded("contains") { jsonScalar($0, "contains") }
        if (fields["equals"] == nil) == (fields["contains"] == nil) {
            refuse(fields.position, "an entry of `required_claims` needs either `equals` or `contains`")
            return nil
        }
        guard let pointer,
            let test = equals.map({ .equals($0) }) ?? contains.map({ .contains($0) }) as JWTSettings.RequiredClaim.Test?
        else { return nil }
        return JWTSettings.RequiredClaim(pointer: pointer, test: test)
    }
}
