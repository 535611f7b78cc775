internal import Tokens

extension Timestamp {
    /// `2026-01-31T12:00:00.000Z`.
    static func rfc3339(unixMilliseconds: Int64) -> String {
        let (quotient, remainder) = unixMilliseconds.quotientAndRemainder(dividingBy: 1000)
        // Rounded down also before 1970, where the remainder is negative.
        let second = remainder < 0 ? quotient - 1 : quotient
        return rfc3339(second, milliseconds: (remainder + 1000) % 1000)
    }
}
