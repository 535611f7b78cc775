internal import Tokens

extension Timestamp {
    /// `2026-01-31T12:00:00.000Z`.
    static func rfc3339(unixMilliseconds: Int64) -> String {
        let milliseconds = String(1000 + unixMilliseconds % 1000).dropFirst()
        return "\(rfc3339(unixMilliseconds / 1000).dropLast()).\(milliseconds)Z"
    }
}
