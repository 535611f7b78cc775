import PolicyModel

extension PolicyDecoder {
    /// One entry of `token_issuers`.
    func tokenIssuer(_ entry: YAMLNode.Entry) -> TokenIssuerPolicy? {
        guard let kind = single(entry.value, of: "a token issuer", keys: ["builtin"], later: ["jwt"]) else {
            return nil
        }
        guard fields(kind.value, of: "`builtin`", keys: []) != nil else { return nil }
        return TokenIssuerPolicy(name: entry.key, kind: .builtin, position: entry.keyPosition)
    }
}
