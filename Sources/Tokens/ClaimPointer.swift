/// The way to a value within claims: the reference tokens of a JSON pointer (RFC 6901), unescaped.
package struct ClaimPointer: Sendable, Hashable {
    package let tokens: [String]

    package init(_ tokens: [String]) {
        self.tokens = tokens
    }

    /// What stands there; nil where nothing does.
    package func value(in payload: [String: ClaimValue]) -> ClaimValue? {
        ClaimValue.object(payload).value(at: tokens)
    }
}
