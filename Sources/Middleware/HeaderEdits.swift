import PolicyModel
import Tokens
package import WebSocketProtocol

/// `headers`: edits of the request toward the upstream, and of the 101 toward the client.
struct HeaderEdits: HandshakeMiddleware {
    private let settings: HeadersSettings

    init(_ settings: HeadersSettings) {
        self.settings = settings
    }

    var upstreamHeaders: [String] { settings.request.set.map(\.name) }

    func evaluate(_ context: inout HandshakeContext) -> Verdict {
        guard let request = Self.expanded(settings.request, context),
            let response = Self.expanded(settings.response, context)
        else { return .refuse(Refusal(.malformedRequest)) }
        for edit in request { edit.apply(to: &context.upstreamHeaders) }
        context.responseEdits += response
        return .pass
    }

    /// Remove, then set, then add. nil where a value that came out of a token or a request may not stand in a header.
    private static func expanded(_ edits: HeadersSettings.Edits, _ facts: HandshakeContext) -> [HeaderEdit]? {
        var result = edits.remove.map { HeaderEdit.remove($0) }
        for (name, template) in edits.set {
            let value = template.expanded(facts.value(of:))
            guard HeaderFields.isValidValue(value) else { return nil }
            result.append(.set(name, value))
        }
        for (name, template) in edits.add {
            let value = template.expanded(facts.value(of:))
            guard HeaderFields.isValidValue(value) else { return nil }
            result.append(.add(name, value))
        }
        return result
    }
}

/// One edit of a head, its variables filled in. `_` and `-` count as equal in what is removed or replaced.
package enum HeaderEdit: Sendable, Hashable {
    case remove(String)
    case set(String, String)
    case add(String, String)

    package func apply(to headers: inout HeaderFields) {
        switch self {
        case .remove(let name):
            headers.removeEquivalent(name)
        case .set(let name, let value):
            headers.removeEquivalent(name)
            headers.add(name, value)
        case .add(let name, let value):
            headers.add(name, value)
        }
    }
}

extension HandshakeContext {
    fileprivate func value(of variable: Template.Variable) -> String {
        variable.value(
            identity: identity, clientAddress: clientAddress, clientCertificate: clientCertificate,
            requestID: requestID)
    }
}
