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

    /// What of a token's claims it was refused for, where that is not plain from what is wanted.
    func noteRefusal(_ reason: RefusalReason, of text: String, _ context: inout HandshakeContext) {
        guard context.trace != nil, let token = try? JWS.decode(text) else { return }
        switch reason {
        case .tokenMalformed:
            for fault in Self.faults(of: token.payload) { context.note(fault) }
        case .tokenClaimMismatch:
            guard let (issuer, claim) = tokens.unmetClaim(of: token, issuers: settings.issuers) else { return }
            let found = claim.pointer.value(in: token.payload).map { "has \(Self.text($0))" } ?? "has nothing"
            context.note("\(issuer) wants \(Self.text(claim)); the token \(found) there")
        default: break
        }
    }

    /// Claims that every token needs and that are missing, or that have no type that is read.
    private static func faults(of payload: [String: ClaimValue]) -> [String] {
        let isBuiltin = payload["iss"] == .string(TokenClaims.builtinIssuer)
        let needed = ["iss", "sub", "exp"] + (isBuiltin ? ["jti", "iat"] : [])
        let missing = needed.filter { payload[$0] == nil }.map { "it has no `\($0)`" }
        let noTexts = ["iss", "sub", "jti"].filter { name in
            guard let value = payload[name] else { return false }
            if case .string = value { return false }
            return true
        }
        let noTimes = ["iat", "nbf", "exp"].filter { name in
            switch payload[name] {
            case nil, .integer, .double: false
            default: true
            }
        }
        return missing + noTexts.map { "its `\($0)` is no text" } + noTimes.map { "its `\($0)` is no number" }
    }

    /// As a policy has it: `/groups contains "staff"`.
    private static func text(_ claim: RequiredClaim) -> String {
        let pointer = JSONPointer(tokens: claim.pointer.tokens)
        switch claim.test {
        case .equals(let value): return "\(pointer) equals \(text(value))"
        case .contains(let value): return "\(pointer) contains \(text(value))"
        }
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
