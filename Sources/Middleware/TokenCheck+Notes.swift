import PolicyModel
import Tokens

/// What the check says of itself to whoever follows a chain: never a token, nor a part of one.
extension TokenCheck {
    /// Where it has looked, and where something was.
    func noteCarriers(_ carriers: [TokenSettings.Carrier], _ context: inout HandshakeContext) {
        guard context.trace != nil else { return }
        for carrier in carriers {
            let found = carrier.tokens(in: context.request).count { !$0.isEmpty }
            context.note(
                "looks in \(carrier.place): \(found == 0 ? "nothing" : found == 1 ? "a token" : "\(found) tokens")")
        }
        guard context.purpose == .connection, let name = settings.ticketParameter else { return }
        let carried = CarriedToken(ticketIn: context.request, name)
        context.note("looks in query \(name) for a ticket: \(carried == .none ? "nothing" : "there is one")")
    }

    /// What a token says, true or not, and what is wanted.
    func noteToken(_ text: String, _ context: inout HandshakeContext) {
        guard context.trace != nil else { return }
        guard let token = try? JWS.decode(text) else {
            context.note("what was sent is no token")
            return
        }
        let says = ["iss", "sub", "aud", "scope", "scp", "jti"].compactMap { name in
            token.payload[name].map { "\(name) \(Self.text($0))" }
        }
        let times = ["iat", "nbf", "exp"].compactMap { name -> String? in
            guard case .integer(let seconds)? = token.payload[name] else { return nil }
            return "\(name) \(Timestamp.rfc3339(seconds))"
        }
        context.note("the token says \((says + times).joined(separator: ", "))")
        var wanted = ["an issuer of \(settings.issuers.joined(separator: ", "))"]
        if let audience = settings.audience { wanted.append("audience \(audience)") }
        if !settings.scopes.isEmpty { wanted.append("scopes \(settings.scopes.joined(separator: " "))") }
        context.note("the route wants \(wanted.joined(separator: ", "))")
    }

    private static func text(_ value: ClaimValue) -> String {
        String(decoding: JSON.encode(value), as: UTF8.self)
    }
}

extension TokenSettings.Carrier {
    /// Where it is, for people.
    fileprivate var place: String {
        switch self {
        case .header(let name, let scheme): scheme.map { "header \(name) (\($0))" } ?? "header \(name)"
        case .subprotocol(let prefix): "subprotocols with \(prefix) in front"
        case .cookie(let name): "cookie \(name)"
        case .query(let name): "query \(name)"
        }
    }
}
