/// Moments as people read them.
package enum Timestamp {
    /// `2026-01-31T23:59:59Z` (RFC 3339 section 5.6) for Unix seconds; outside the years 0 to 9999 the number itself.
    package static func rfc3339(_ unixSeconds: Int64) -> String {
        guard (-62_167_219_200..<253_402_300_800).contains(unixSeconds) else { return String(unixSeconds) }
        let second = ((unixSeconds % 86_400) + 86_400) % 86_400
        let (year, month, day) = date((unixSeconds - second) / 86_400)
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        return "\(date)T\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))Z"
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

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
