/// Moments as people read them.
package enum Timestamp {
    /// `2026-01-31T23:59:59Z` (RFC 3339 section 5.6) for Unix seconds, `2026-01-31T23:59:59.999Z` where `milliseconds` (0 to
    /// 999) are given; outside the years 0 to 9999 the number itself.
    package static func rfc3339(_ unixSeconds: Int64, milliseconds: Int64? = nil) -> String {
        guard (-62_167_219_200..<253_402_300_800).contains(unixSeconds) else { return String(unixSeconds) }
        let second = ((unixSeconds % 86_400) + 86_400) % 86_400
        let (year, month, day) = date((unixSeconds - second) / 86_400)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        append(year, 4, to: &text)
        append("-", month, to: &text)
        append("-", day, to: &text)
        append("T", second / 3600, to: &text)
        append(":", second / 60 % 60, to: &text)
        append(":", second % 60, to: &text)
        if let milliseconds {
            text.append(UInt8(ascii: "."))
            append(milliseconds, 3, to: &text)
        }
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// The Gregorian date of a day counted from 1970-01-01.
    ///
    /// Counted in eras of 400 years that begin on a first of March, so that the leap day is a year's last.
    private static func date(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    /// Two digits behind a separator.
    private static func append(_ separator: Unicode.Scalar, _ number: Int64, to text: inout [UInt8]) {
        text.append(UInt8(ascii: separator))
        append(number, 2, to: &text)
    }

    /// The last digits of a number that is not negative.
    private static func append(_ number: Int64, _ width: Int, to text: inout [UInt8]) {
        var divisor: Int64 = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
    }
}
