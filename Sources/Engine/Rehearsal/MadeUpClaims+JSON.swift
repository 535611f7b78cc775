package import Tokens

extension MadeUpClaims {
    /// Reads claims as a person writes them: `subject`, `issuer` (its name in the policy), `audience` and `scopes` (a text, or an
    /// array of texts), `expires_in` (seconds); every other member is a claim as it stands in the token, also `sub` or `exp`.
    package init(_ members: [String: ClaimValue]) throws(RehearsalError) {
        var rest = members
        self.init()
        if let subject = try Self.text(rest.removeValue(forKey: "subject"), "subject") { self.subject = subject }
        issuer = try Self.text(rest.removeValue(forKey: "issuer"), "issuer")
        audience = try Self.texts(rest.removeValue(forKey: "audience"), "audience")
        scopes = try Self.texts(rest.removeValue(forKey: "scopes"), "scopes")
        switch rest.removeValue(forKey: "expires_in") {
        case nil: break
        case .integer(let seconds): expiresIn = seconds
        default: throw RehearsalError(description: "`expires_in` must be a whole number of seconds")
        }
        other = rest
    }

    private static func text(_ value: ClaimValue?, _ name: String) throws(RehearsalError) -> String? {
        switch value {
        case nil: return nil
        case .string(let text): return text
        default: throw RehearsalError(description: "`\(name)` must be a text")
        }
    }

    private static func texts(_ value: ClaimValue?, _ name: String) throws(RehearsalError) -> [String] {
        switch value {
        case nil: return []
        case .string(let text): return name == "scopes" ? text.split(separator: " ").map(String.init) : [text]
        case .array(let values):
            var texts: [String] = []
            for value in values {
                guard let text = try Self.text(value, name) else { continue }
                texts.append(text)
            }
            return texts
        default: throw RehearsalError(description: "`\(name)` must be a text, or an array of texts")
        }
    }
}
