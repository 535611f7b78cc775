/// How long a token is to live, as people write it: `30s 5m 24h 7d`.
package struct Lifetime: Sendable, Hashable {
    /// At least 1.
    package let seconds: Int64

    /// The longest that is taken: what is longer is a slip, or a token that nobody will ever look after.
    package static let maximumSeconds: Int64 = 3650 * 86_400

    /// A whole number from 1 and one of `s m h d`, up to ``maximumSeconds``; nil for anything else.
    package init?(_ text: String) {
        let unit: Int64
        switch text.utf8.last {
        case UInt8(ascii: "s"): unit = 1
        case UInt8(ascii: "m"): unit = 60
        case UInt8(ascii: "h"): unit = 3600
        case UInt8(ascii: "d"): unit = 86_400
        default: return nil
        }
        let digits = text.utf8.dropLast()
        guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int64(text.dropLast())
        else { return nil }
        let (seconds, isOverflow) = number.multipliedReportingOverflow(by: unit)
        guard !isOverflow, (1...Self.maximumSeconds).contains(seconds) else { return nil }
        self.seconds = seconds
    }
}
