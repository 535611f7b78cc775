internal import CCurl
internal import WebSocketProtocol

extension HTTPResponse {
    /// For how many seconds the answer is good (RFC 9111 section 4.2): 0 where it says that it is not, or no longer; nil where
    /// it says nothing.
    ///
    /// - Parameter now: Unix seconds, for an answer that has no `Date`.
    package func freshness(now: Int64) -> Int64? {
        let directives = headers.listValues("Cache-Control").map { $0.lowercased() }
        if directives.contains(where: { $0 == "no-store" || $0 == "no-cache" }) { return 0 }
        if let maximum = directives.lazy.compactMap({ Self.seconds($0, "max-age=") }).first {
            // What it has spent in caches on its way is over.
            return max(0, maximum - (headers.first("Age").flatMap { Self.seconds($0, "") } ?? 0))
        }
        guard let expires = headers.first("Expires") else { return nil }
        // Section 5.3: what is no date has expired.
        guard let end = Self.date(expires) else { return 0 }
        let date = headers.first("Date").flatMap(Self.date) ?? now
        return max(0, end.subtractingReportingOverflow(date).partialValue)
    }

    /// Digits behind `prefix`, in quotes or not; more than fit are as many as fit (section 1.2.2).
    private static func seconds(_ text: String, _ prefix: String) -> Int64? {
        guard text.hasPrefix(prefix) else { return nil }
        var digits = text.utf8.dropFirst(prefix.utf8.count)
        if digits.count >= 2, digits.first == UInt8(ascii: "\""), digits.last == UInt8(ascii: "\"") {
            digits = digits.dropFirst().dropLast()
        }
        guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int64(String(Substring(digits))) ?? Int64(Int32.max)
    }

    private static func date(_ text: String) -> Int64? {
        // Unsafe: curl reads up to the zero that ends the text.
        let seconds = unsafe curl_getdate(text, nil)
        return seconds < 0 ? nil : Int64(seconds)
    }
}
