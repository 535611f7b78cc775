extension Timestamp {
    /// Unix seconds of `2026-01-31T23:59:59Z` or `2026-01-31T23:59:59+02:00` (RFC 3339 section 5.6). A fraction of a second is
    /// rounded down, and a leap second is the second after it. nil for anything else, and for days that no calendar has.
    package static func unixSeconds(rfc3339 text: String) -> Int64? {
        var rest = Array(text.utf8)[...]
        guard let year = number(4, from: &rest), skip("-", in: &rest), let month = number(2, from: &rest),
            skip("-", in: &rest), let day = number(2, from: &rest), skip("Tt ", in: &rest),
            let hour = number(2, from: &rest), skip(":", in: &rest), let minute = number(2, from: &rest),
            skip(":", in: &rest), let second = number(2, from: &rest), skipFraction(in: &rest),
            let offset = offset(from: &rest), rest.isEmpty,
            (1...12).contains(month), (1...days(in: month, of: year)).contains(day), hour < 24, minute < 60,
            second <= 60
        else { return nil }
        return day1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    }

    private static func number(_ digits: Int, from text: inout ArraySlice<UInt8>) -> Int64? {
        guard text.count >= digits else { return nil }
        var value: Int64 = 0
        for byte in text.prefix(digits) {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        text = text.dropFirst(digits)
        return value
    }

    /// Whether one of these characters stands there.
    private static func skip(_ characters: StaticString, in text: inout ArraySlice<UInt8>) -> Bool {
        guard let byte = text.first, characters.description.utf8.contains(byte) else { return false }
        text = text.dropFirst()
        return true
    }

    /// False for a point without digits behind it.
    private static func skipFraction(in text: inout ArraySlice<UInt8>) -> Bool {
        guard skip(".", in: &text) else { return true }
        let digits = text.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        text = text.dropFirst(digits.count)
        return !digits.isEmpty
    }

    private static func offset(from text: inout ArraySlice<UInt8>) -> Int64? {
        if skip("Zz", in: &text) { return 0 }
        let isWest = text.first == UInt8(ascii: "-")
        guard skip("+-", in: &text), let hours = number(2, from: &text), skip(":", in: &text),
            let minutes = number(2, from: &text), hours < 24, minutes < 60
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return isWest ? -seconds : seconds
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01 to a day of the Gregorian calendar, from the year 0 on.
    ///
    /// Years begin on a first of March, so that the leap day is a year's last.
    private static func day1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        // Never negative: counted from an era of 400 years before the first.
        let shifted = (month <= 2 ? year - 1 : year) + 400
        let era = shifted / 400
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return (era - 1) * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
