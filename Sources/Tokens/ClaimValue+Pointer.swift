extension ClaimValue {
    /// The value that an RFC 6901 pointer names, `~0` and `~1` in its tokens resolved; no tokens name the value itself. nil
    /// where there is none. An array's index is written as section 4 has it, without leading zeros.
    package func value(at tokens: [String]) -> ClaimValue? {
        var value = self
        for token in tokens {
            switch value {
            case .object(let members):
                guard let member = members[token] else { return nil }
                value = member
            case .array(let values):
                guard let index = Int(token), String(index) == token, values.indices.contains(index) else { return nil }
                value = values[index]
            case .string, .integer, .double, .boolean, .null:
                return nil
            }
        }
        return value
    }
}
