import PolicyModel

/// Durations, sizes and rates: a whole number and a unit.
extension PolicyDecoder {
    /// `250ms 30s 5m 24h 7d`; above zero, at most 366 days.
    func duration(_ node: YAMLNode, _ key: String) -> Duration? {
        guard case .scalar(let text, _) = node.content, node.scalarKind != .null else {
            refuse(node.position, "`\(key)` must be a duration such as 250ms, 30s or 24h, not \(node.kindDescription)")
            return nil
        }
        switch Quantity.duration(text) {
        case .success(let duration): return duration
        case .failure(let problem):
            refuse(node.position, "`\(key)` \(problem.message)", suggestion: problem.suggestion)
            return nil
        }
    }

    /// The same within a range, which `words` tell people: "from 1s to 1h".
    func duration(_ node: YAMLNode, _ key: String, in range: ClosedRange<Duration>, _ words: String) -> Duration? {
        guard let duration = duration(node, key) else { return nil }
        if range.contains(duration) { return duration }
        refuse(node.position, "`\(key)` must be \(words)")
        return nil
    }

    /// `512B 64KiB 1MiB 1GiB`, in bytes.
    func size(_ node: YAMLNode, _ key: String, in range: ClosedRange<Int>) -> Int? {
        guard case .scalar(let text, _) = node.content, node.scalarKind != .null else {
            refuse(node.position, "`\(key)` must be a size such as 512B, 64KiB or 1MiB, not \(node.kindDescription)")
            return nil
        }
        switch Quantity.size(text) {
        case .success(let size) where range.contains(size): return size
        case .success, .failure(.tooLarge):
            refuse(
                node.position,
                "`\(key)` must be from \(Quantity.description(bytes: range.lowerBound)) to "
                    + "\(Quantity.description(bytes: range.upperBound)), not \(quoted(text))")
        case .failure(let problem):
            refuse(node.position, "`\(key)` \(problem.message)", suggestion: problem.suggestion)
        }
        return nil
    }

    /// `10/1s 100/1m`
    func rate(_ node: YAMLNode, _ key: String) -> Rate? {
        rate(node, key, "10/1s or 100/1m", by: Quantity.rate)
    }

    /// `64KiB/1s 10MiB/1m`, in bytes.
    func byteRate(_ node: YAMLNode, _ key: String) -> Rate? {
        rate(node, key, "64KiB/1s or 10MiB/1m", by: Quantity.byteRate)
    }

    private func rate(
        _ node: YAMLNode, _ key: String, _ examples: String, by parse: (String) -> Result<Rate, Quantity.Problem>
    ) -> Rate? {
        guard case .scalar(let text, _) = node.content, node.scalarKind == .string else {
            refuse(node.position, "`\(key)` must be a rate such as \(examples), not \(node.kindDescription)")
            return nil
        }
        switch parse(text) {
        case .success(let rate): return rate
        case .failure(let problem):
            refuse(node.position, "`\(key)` \(problem.message)", suggestion: problem.suggestion)
            return nil
        }
    }
}

/// The arithmetic behind it, checked throughout.
enum Quantity {
    enum Problem: Error, Hashable {
        /// `suggestion`: what was probably meant.
        case malformed(String, suggestion: String? = nil)
        case tooLarge

        /// What comes behind the key's name.
        var message: String {
            switch self {
            case .malformed(let message, nil): message
            case .malformed(let message, let suggestion?): "\(message); did you mean \(suggestion)?"
            case .tooLarge: "is too large"
            }
        }

        var suggestion: String? {
            if case .malformed(_, let suggestion) = self { suggestion } else { nil }
        }
    }

    private static let durationUnits: [(name: String, milliseconds: Int)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]
    private static let sizeUnits: [(name: String, bytes: Int)] = [
        ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30),
    ]
    private static let maximumMilliseconds = 366 * 86_400_000
    /// Of a rate of bytes, and of its burst.
    static let maximumRateBytes = 64 << 30

    static func duration(_ text: String) -> Result<Duration, Problem> {
        let (digits, unit) = split(text)
        if unit.isEmpty, !digits.isEmpty {
            return .failure(.malformed("needs a unit: \(quoted(text)) could be \(digits)s, \(digits)m or \(digits)h"))
        }
        guard !digits.isEmpty, let scale = durationUnits.first(where: { $0.name == unit })?.milliseconds else {
            return .failure(
                .malformed(
                    "must be a duration, one whole number and one of the units ms, s, m, h, d, such as 250ms or 30s, "
                        + "not \(quoted(text))", suggestion: digits.isEmpty ? nil : unitMeant(unit).map { digits + $0 })
            )
        }
        guard let milliseconds = product(digits, scale), (1...maximumMilliseconds).contains(milliseconds) else {
            return .failure(.malformed("must be above 0 and at most 366d, not \(quoted(text))"))
        }
        return .success(.milliseconds(milliseconds))
    }

    /// What `30sec`, `5 min` and `1H` are here.
    private static func unitMeant(_ unit: String) -> String? {
        switch unit.drop(while: { $0 == " " }).lowercased() {
        case "ms", "msec", "msecs", "millis", "millisecond", "milliseconds": "ms"
        case "s", "sec", "secs", "second", "seconds": "s"
        case "m", "min", "mins", "minute", "minutes": "m"
        case "h", "hr", "hrs", "hour", "hours": "h"
        case "d", "day", "days": "d"
        default: nil
        }
    }

    static func size(_ text: String) -> Result<Int, Problem> {
        let (digits, unit) = split(text)
        if !digits.isEmpty, let scale = sizeUnits.first(where: { $0.name == unit })?.bytes {
            guard let bytes = product(digits, scale) else { return .failure(.tooLarge) }
            return .success(bytes)
        }
        if unit.isEmpty, !digits.isEmpty {
            return .failure(
                .malformed("needs a unit: \(quoted(text)) could be \(digits)B, \(digits)KiB or \(digits)MiB"))
        }
        let message = "must be a size, one whole number and one of the units B, KiB, MiB, GiB, not \(quoted(text))"
        var meant: String?
        if !digits.isEmpty, let letter = unit.drop(while: { $0 == " " }).first?.uppercased() {
            meant = sizeUnits.first { $0.name.hasPrefix(letter) }.map { digits + $0.name }
        }
        return .failure(.malformed(message, suggestion: meant))
    }

    static func rate(_ text: String) -> Result<Rate, Problem> {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let usual = "must be a rate, COUNT/PERIOD such as 10/1s or 100/1m, not \(quoted(text))"
        guard parts.count == 2, split(String(parts[0])).unit.isEmpty, !parts[0].isEmpty else {
            return .failure(.malformed(usual))
        }
        if durationUnits.contains(where: { $0.name == parts[1] }) {
            return .failure(.malformed(usual, suggestion: "\(parts[0])/1\(parts[1])"))
        }
        guard let count = Int(parts[0]), (1...1_000_000).contains(count) else {
            return .failure(.malformed("must have a count from 1 to 1000000, not \(quoted(text))"))
        }
        switch duration(String(parts[1])) {
        case .success(let period): return .success(Rate(count: count, period: period))
        case .failure: return .failure(.malformed(usual))
        }
    }

    static func byteRate(_ text: String) -> Result<Rate, Problem> {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let usual = "must be a rate, SIZE/PERIOD such as 64KiB/1s or 10MiB/1m, not \(quoted(text))"
        guard parts.count == 2 else { return .failure(.malformed(usual)) }
        let size = size(String(parts[0]))
        if durationUnits.contains(where: { $0.name == parts[1] }), case .success = size {
            return .failure(.malformed(usual, suggestion: "\(parts[0])/1\(parts[1])"))
        }
        guard case .success(let period) = duration(String(parts[1])) else { return .failure(.malformed(usual)) }
        switch size {
        case .success(1...maximumRateBytes): return size.map { Rate(count: $0, period: period) }
        case .success, .failure(.tooLarge):
            let most = description(bytes: maximumRateBytes)
            return .failure(.malformed("must have a size from 1B to \(most), not \(quoted(text))"))
        case .failure: break
        }
        let (digits, unit) = split(String(parts[0]))
        guard unit.isEmpty, !digits.isEmpty else { return .failure(.malformed(usual)) }
        return .failure(.malformed(usual, suggestion: "\(digits)B/\(parts[1])"))
    }

    /// In the largest unit that is exact.
    static func description(bytes: Int) -> String {
        let unit = sizeUnits.last { bytes >= $0.bytes && bytes % $0.bytes == 0 } ?? ("B", 1)
        return "\(bytes / unit.bytes)\(unit.name)"
    }

    /// In the largest unit that is exact; what is left below a millisecond is not shown.
    static func description(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let (product, isTooLong) = seconds.multipliedReportingOverflow(by: 1000)
        let milliseconds =
            isTooLong ? Int64.max : product.addingReportingOverflow(attoseconds / 1_000_000_000_000_000).partialValue
        let unit = durationUnits.last { milliseconds != 0 && milliseconds % Int64($0.milliseconds) == 0 } ?? ("ms", 1)
        return "\(milliseconds / Int64(unit.milliseconds))\(unit.name)"
    }

    private static func split(_ text: String) -> (digits: String, unit: String) {
        let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return (String(Substring(digits)), String(Substring(text.utf8.dropFirst(digits.count))))
    }

    private static func product(_ digits: String, _ scale: Int) -> Int? {
        guard let number = Int(digits) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: scale)
        return overflow ? nil : product
    }
}
