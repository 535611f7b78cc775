internal import Glibc

/// Times as RFC 3339 writes them.
enum Timestamp {
    /// `2026-01-31T12:00:00.000Z`.
    static func rfc3339(unixMilliseconds: Int64) -> String {
        var seconds = time_t(unixMilliseconds / 1000)
        var parts = tm()
        unsafe gmtime_r(&seconds, &parts)
        let date = "\(Int(parts.tm_year) + 1900)-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday))"
        let time = "\(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec))"
        let milliseconds = String(unixMilliseconds % 1000)
        return "\(date)T\(time).\(String(repeating: "0", count: max(0, 3 - milliseconds.count)))\(milliseconds)Z"
    }

    private static func padded(_ value: Int32) -> String {
        value < 10 ? "0\(value)" : "\(value)"
    }
}
