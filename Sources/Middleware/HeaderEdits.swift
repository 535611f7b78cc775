import PolicyModel
import Tokens
import WebSocketProtocol

/// `headers`: edits of the request toward the upstream, and of the 101 toward the client.
struct HeaderEdits: HandshakeMiddleware {
    private let settings: HeadersSettings

    init(_ settings: HeadersSettings) {
        self.settings = settings
    }

    func evaluate(_ context: inout HandshakeContext) -> Verdict {
        let facts = context
        guard Self.apply(settings.request, to: &context.upstreamHeaders, facts),
            Self.apply(settings.response, to: &context.responseHeaders, facts)
        else { return .refuse(Refusal(.malformedRequest)) }
        // The upstream's own fields come later: what is removed or set here is taken out of them then.
        context.removedResponseHeaders += settings.response.remove + settings.response.set.map(\.name)
        return .pass
    }

    /// Remove, then set, then add. false where a value that came out of a token or a request may not stand in a header.
    private static func apply(
        _ edits: HeadersSettings.Edits, to headers: inout HeaderFields, _ facts: HandshakeContext
    ) -> Bool {
        for name in edits.remove { headers.removeEquivalent(name) }
        for (name, template) in edits.set {
            let value = template.expanded(facts.value(of:))
            guard HeaderFields.isValidValue(value) else { return false }
            headers.removeEquivalent(name)
            headers.add(name, value)
        }
        for (name, template) in edits.add {
            let value = template.expanded(facts.value(of:))
            guard HeaderFields.isValidValue(value) else { return false }
            headers.add(name, value)
        }
        return true
    }
}

extension HandshakeContext {
    /// Empty where there is no token, or none of its claims has that name.
    fileprivate func value(of variable: Template.Variable) -> String {
        switch variable {
        case .tokenSubject: identity?.subject ?? ""
        case .tokenID: identity?.id ?? ""
        case .tokenClaim(let name): identity?.claim(name) ?? ""
        case .clientIP: clientAddress.description
        case .requestID: requestID
        }
    }
}
