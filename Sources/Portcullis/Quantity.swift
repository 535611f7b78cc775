/// Numbers as people read them.
enum Quantity {
    /// `512 B`, `64.0 KiB`, `1.2 GiB`.
    static func bytes(_ count: Int64) -> String {
        var (tenths, unit) = (count.multipliedReportingOverflow(by: 10).partialValue, 0)
        guard count >= 1024, count <= Int64.max / 10 else { return "\(count) B" }
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        while tenths >= 10_240, unit < units.count - 1 {
            tenths /= 1024
            unit += 1
        }
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }

    /// The two largest units of it: `42s`, `5m 3s`, `2h 10m`, `3d 4h`.
    static func duration(seconds: Int64) -> String {
        let parts = [
            (seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s"),
        ]
        let shown = parts.drop { $0.0 == 0 }.prefix(2).filter { $0.0 != 0 }
        return shown.isEmpty ? "0s" : shown.map { "\($0.0)\($0.1)" }.joined(separator: " ")
    }
}

/// `1 test`, `2 tests`
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
