/// The way to a value within claims: the reference tokens of a JSON pointer (RFC 6901), unescaped.
package struct ClaimPointer: Sendable, Hashable {
    package let tokens: [String]

    package init(_ tokens: [String]) {
        self.tokens = tokens
    }

    /// What stands there; nil where nothing does.
    package func value(in payload: [String: ClaimValue]) -> ClaimValue? {
        guard let first = tokens.first else { return .object(payload) }
        var value = payload[first]
        for token in tokens.dropFirst() {
            switch value {
            case .object(let members): value = members[token]
            case .array(let elements): value = Self.index(token).flatMap { $0 < elements.count ? elements[$0] : nil }
            default: return nil
            }
        }
        return value
    }

    /// RFC 6901 section 4: digits without a leading zero.
    private static func index(_ token: String) -> Int? {
        guard token == "0" || token.utf8.first != UInt8(ascii: "0"),
            token.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(token)
    }
}
