import PolicyModel
import WebSocketProtocol

/// What a request carries as its token.
enum CarriedToken: Hashable {
    case none
    case token(String)
    /// Several, and they differ: gateway and upstream could each believe another one.
    case ambiguous

    /// Looks at all of the carriers, in all places where one may stand; an empty value is nothing.
    init(in request: UpgradeRequest, from carriers: [TokenSettings.Carrier]) {
        self = .none
        for carrier in carriers {
            for text in carrier.tokens(in: request) where !text.isEmpty { add(text) }
        }
    }

    /// What stands where a ticket may.
    init(ticketIn request: UpgradeRequest, _ parameter: String?) {
        self.init(in: request, from: parameter.map { [.query($0)] } ?? [])
    }

    mutating func add(_ text: Substring) {
        switch self {
        case .none: self = .token(String(text))
        case .token(let known) where known.utf8.elementsEqual(text.utf8): break
        case .token, .ambiguous: self = .ambiguous
        }
    }
}

/// All is compared byte by byte: what is found here is what ``strip(from:)`` takes out and what a server behind would
/// find.
extension TokenSettings.Carrier {
    func tokens(in request: UpgradeRequest) -> [Substring] {
        switch self {
        case .header(let name, let scheme):
            let values = request.headers.values(name)
            // Of two different ones a server behind might read the one that carries nothing here.
            guard values.dropFirst().allSatisfy({ $0.utf8.elementsEqual(values[0].utf8) }) else {
                return values.map { $0[...] }
            }
            return scheme.map { scheme in values.compactMap { Self.credentials($0, scheme) } } ?? values.map { $0[...] }
        case .subprotocol(let prefix):
            return request.subprotocols.filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }
        case .cookie(let name):
            return Self.cookies(name, in: request.headers)
        case .query(let name):
            return request.target.queryItems.filter { $0.name.utf8.elementsEqual(name.utf8) }.map { $0.value[...] }
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

    /// RFC 9110 section 11.4: the scheme without case, spaces, the token. nil for another scheme.
    private static func credentials(_ value: String, _ scheme: String) -> Substring? {
        let bytes = value.utf8
        guard let space = bytes.firstIndex(of: UInt8(ascii: " ")), value[..<space].equalsIgnoringCase(scheme) else {
            return nil
        }
        return Substring(bytes[space...].drop { $0 == UInt8(ascii: " ") })
    }

    /// RFC 6265 section 4.2.1: the pairs of that name; names count with their case.
    private static func cookies(_ name: String, in headers: HeaderFields) -> [Substring] {
        var found: [Substring] = []
        for field in headers.values("Cookie") {
            for piece in field.utf8.split(separator: UInt8(ascii: ";")) {
                guard let equals = piece.firstIndex(of: UInt8(ascii: "=")),
                    piece[..<equals].trimmingFieldWhitespace().elementsEqual(name.utf8)
                else { continue }
                let value = piece[piece.index(after: equals)...].trimmingFieldWhitespace()
                // Section 4.1.1: quotes may stand around a value and are no part of what was stored by most servers.
                let quote = UInt8(ascii: "\"")
                let isQuoted = value.count >= 2 && value.first == quote && value.last == quote
                found.append(Substring(isQuoted ? value.dropFirst().dropLast() : value))
            }
        }
        return found
    }
}
