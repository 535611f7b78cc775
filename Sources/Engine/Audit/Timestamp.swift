/// Times as RFC 3339 writes them.
enum Timestamp {
    /// `2026-01-31T12:00:00.000Z`, for a time of 1970 or later.
    static func rfc3339(unixMilliseconds: Int64) -> String {
        let (days, ofDay) = max(0, unixMilliseconds).quotientAndRemainder(dividingBy: 86_400_000)
        let (year, month, day) = date(days)
        let (seconds, milliseconds) = ofDay.quotientAndRemainder(dividingBy: 1000)
        let time = "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(time).\(padded(milliseconds, 3))Z"
    }

    /// The Gregorian date of a day counted from 1970. Years are counted from March, so that the leap day comes last.
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // 719,468 days lie between 0000-03-01 and 1970-01-01; 146,097 make 400 years.
        let shifted = days + 719_468
        let (era, ofEra) = shifted.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * ofYear + 2) / 153
        let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, ofYear - (153 * fromMarch + 2) / 5 + 1)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
