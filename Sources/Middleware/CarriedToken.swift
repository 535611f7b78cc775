import PolicyModel
import WebSocketProtocol

/// What a request carries as its token.
enum CarriedToken: Hashable {
    case none
    case token(String)
    /// A header that may stand once stands twice: gateway and upstream could each read another one.
    case ambiguous

    /// The first of the carriers that carries something counts; an empty value is nothing.
    init(in request: UpgradeRequest, from carriers: [TokenSettings.Carrier]) {
        for carrier in carriers {
            let found = carrier.token(in: request)
            guard case .none = found else {
                self = found
                return
            }
        }
        self = .none
    }

    fileprivate init(text: (some StringProtocol)?) {
        if let text, !text.isEmpty { self = .token(String(text)) } else { self = .none }
    }
}

extension TokenSettings.Carrier {
    fileprivate func token(in request: UpgradeRequest) -> CarriedToken {
        switch self {
        case .header(let name):
            let values = request.headers.values(name)
            guard values.count <= 1 else { return .ambiguous }
            guard name.lowercased() == "authorization" else { return CarriedToken(text: values.first) }
            return CarriedToken(text: values.first.flatMap(Self.bearer))
        case .subprotocol(let prefix):
            return CarriedToken(
                text: request.subprotocols.first { $0.hasPrefix(prefix) }?.dropFirst(prefix.count))
        case .cookie(let name):
            return CarriedToken(text: Self.cookie(name, in: request.headers))
        case .query(let name):
            return CarriedToken(text: request.target.queryItems.first { $0.name == name }?.value)
        }
    }

    /// Takes the carrier out of what goes upstream and back to the client; headers and cookies are the policy's to remove.
    func strip(from request: inout UpgradeRequest) {
        switch self {
        case .header, .cookie: break
        case .subprotocol(let prefix): request.subprotocols.removeAll { $0.hasPrefix(prefix) }
        case .query(let name): request.target = request.target.removingQueryItem(name)
        }
    }

    /// RFC 6750 section 2.1: the scheme without case, spaces, the token. nil for another scheme.
    private static func bearer(_ value: String) -> Substring? {
        guard let space = value.firstIndex(of: " "), value[..<space].lowercased() == "bearer" else { return nil }
        return value[space...].drop { $0 == " " }
    }

    /// RFC 6265 section 4.2.1: the first pair of that name; names count with their case.
    private static func cookie(_ name: String, in headers: HeaderFields) -> Substring? {
        for field in headers.values("Cookie") {
            for piece in field.split(separator: ";") {
                guard let equals = piece.firstIndex(of: "=") else { continue }
                guard piece[..<equals].trimmingSpaces() == name else { continue }
                let value = piece[piece.index(after: equals)...].trimmingSpaces()
                // Section 4.1.1: quotes may stand around a value and are no part of what was stored by most servers.
                return value.count >= 2 && value.hasPrefix("\"") && value.hasSuffix("\"")
                    ? value.dropFirst().dropLast() : value
            }
        }
        return nil
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> Substring {
        var text = self.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
