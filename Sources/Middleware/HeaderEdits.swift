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
        else {
            context.note("a value that it fills in may not stand in a field")
            return .refuse(Refusal(.malformedRequest))
        }
        for edit in request {
            context.note("toward the upstream: \(edit)")
            edit.apply(to: &context.upstreamHeaders)
        }
        for edit in response { context.note("on the answer: \(edit)") }
        context.responseEdits += response
        return .pass
    }

    /// Remove, then set, then add. nil where a value that came out of a token or a request may not stand in a header.
    private static func expanded(_ edits: HeadersSettings.Edits, _ facts: HandshakeContext) -> [HeaderEdit]? {
        var result = edits.remove.map { HeaderEdit.remove($0) }
        for (name, template) in edits.set {
            guard let value = expanded(template, facts) else { return nil }
            result.append(.set(name, value))
        }
        for (name, template) in edits.add {
            guard let value = expanded(template, facts) else { return nil }
            result.append(.add(name, value))
        }
        return result
    }

    private static func expanded(_ template: Template, _ facts: HandshakeContext) -> String? {
        let value = template.expanded(facts.value(of:))
        guard HeaderFields.isValidValue(value) else { return nil }
        // Who reads the field leaves out white space at its ends: `admin ` would be somebody else there. What the policy itself
        // has put there may go.
        let ends = template.parts.lazy.map { part in
            switch part {
            case .literal(let text): (text: text, isOwn: true)
            case .variable(let variable): (text: facts.value(of: variable), isOwn: false)
            }
        }.filter { !$0.text.isEmpty }
        let isWhole = [ends.first, ends.last].allSatisfy { end in
            guard let end, !end.isOwn else { return true }
            return end.text.utf8.trimmingFieldWhitespace().count == end.text.utf8.count
        }
        return isWhole ? value : nil
    }
}

/// One edit of a head, its variables filled in. `_` and `-` count as equal in what is removed or replaced.
package enum HeaderEdit: Sendable, Hashable, CustomStringConvertible {
    case remove(String)
    case set(String, String)
    case add(String, String)

    /// For people: without a value that lets its holder in somewhere.
    package var description: String {
        switch self {
        case .remove(let name): "\(name) removed"
        case .set(let name, let value): "\(name) set to \(Self.shown(value, of: name))"
        case .add(let name, let value): "\(name) added, \(Self.shown(value, of: name))"
        }
    }

    /// The value of a field as people may see it: what lets its holder in somewhere is hidden.
    package static func shown(_ value: String, of name: String) -> String {
        let name = name.lowercased()
        let isSecret = ["authorization", "cookie", "token", "secret", "password", "credential", "api-key", "apikey"]
            .contains { name.contains($0) }
        return isSecret ? "(hidden)" : value
    }

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
