import PolicyModel
import WebSocketProtocol

/// `origin`: RFC 6454 origins by exact scheme, host and port.
struct OriginCheck: HandshakeMiddleware {
    private var settings: OriginSettings

    init(_ settings: OriginSettings) {
        self.settings = settings
        // A pattern may write an IPv6 address as a URL does; here brackets are no part of a host.
        for index in settings.allow.indices where settings.allow[index].host.hasPrefix("[") {
            self.settings.allow[index].host = String(settings.allow[index].host.dropFirst().dropLast())
        }
    }

    func judges(_ purpose: HandshakePurpose) -> Bool { true }

    func evaluate(_ context: inout HandshakeContext) -> Verdict {
        let values = context.request.headers.values("Origin")
        guard !values.isEmpty else {
            context.note("no Origin was sent")
            return settings.admitsMissing ? .pass : .refuse(Refusal(.originMissing))
        }
        guard values.count == 1, let origin = WebOrigin(values[0]),
            let pattern = settings.allow.first(where: origin.matches)
        else {
            context.note("Origin \(values.joined(separator: ", ")) is none of \(Self.named(settings.allow))")
            return .refuse(Refusal(.originDenied))
        }
        context.note("Origin \(values[0]) is \(pattern)")
        context.allowedOrigin = values[0]
        return .pass
    }

    private static func named(_ patterns: [OriginSettings.Pattern]) -> String {
        patterns.isEmpty ? "none" : patterns.map(\.description).joined(separator: ", ")
    }
}

/// One origin as a browser writes it (RFC 6454 section 6.2): `scheme://host[:port]` and nothing else.
struct WebOrigin: Hashable {
    /// Lower case.
    let scheme: String
    /// Lower case, IPv6 without brackets.
    let host: String
    /// Written out. 0 for a scheme without a known default.
    let port: UInt16

    /// nil for `null`, for several, and for whatever a browser does not write: a path, a user, a dot or a zero too many.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8),
            Self.isScheme(bytes[..<colon]), bytes.allSatisfy({ $0 < 0x80 })
        else { return nil }
        let authority = String(decoding: bytes[(colon + 3)...], as: UTF8.self).lowercased()
        // As it would be written again: refuses a dot at the end and zeros before the port, which name the same place in
        // another spelling.
        guard let parsed = RequestHost(authority), parsed.description == authority else { return nil }
        scheme = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
        host = parsed.name
        port = parsed.port ?? Self.defaultPort(scheme)
    }

    /// A star stands for one label or more before the pattern's host, never for none.
    func matches(_ pattern: OriginSettings.Pattern) -> Bool {
        guard scheme == pattern.scheme, port == pattern.port else { return false }
        return pattern.matchesSubdomains ? host.hasSuffix("." + pattern.host) : host == pattern.host
    }

    private static func isScheme(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, first.isLetter else { return false }
        return bytes.allSatisfy { $0.isLetter || (48...57).contains($0) || "+-.".utf8.contains($0) }
    }

    private static func defaultPort(_ scheme: String) -> UInt16 {
        switch scheme {
        case "http", "ws": 80
        case "https", "wss": 443
        default: 0
        }
    }
}

extension UInt8 {
    fileprivate var isLetter: Bool { (65...90).contains(self) || (97...122).contains(self) }
}
