/// Prometheus's text format, version 0.0.4: what has been counted, as text.
enum Exposition {
    /// Every metric with its help and its type, also where nothing of it has been counted; its series in a fixed order.
    static func text(of counts: Counts) -> [UInt8] {
        let numbers = Dictionary(grouping: counts.numbers, by: \.key.metric)
        let histograms = Dictionary(grouping: counts.histograms, by: \.key.metric)
        var text = ""
        for metric in Metric.allCases {
            let about = metric.description
            text += "# HELP \(about.name) \(escaped(about.help, quotes: false))\n"
            text += "# TYPE \(about.name) \(about.kind.rawValue)\n"
            for (series, number) in sorted(numbers[metric] ?? []) {
                text += line(about.name, about.labels, series.labels, value(number, about.unit))
            }
            for (series, histogram) in sorted(histograms[metric] ?? []) {
                text += lines(about, series, histogram)
            }
        }
        return Array(text.utf8)
    }

    private static func sorted<Value>(_ entries: [(key: Series, value: Value)]) -> [(Series, Value)] {
        entries.sorted { $0.key.labels.lexicographicallyPrecedes($1.key.labels) }.map { ($0.key, $0.value) }
    }

    private static func lines(_ about: Metric.Description, _ series: Series, _ histogram: Histogram) -> String {
        let cumulative = histogram.cumulative
        var text = ""
        for (index, count) in cumulative.enumerated() {
            let bound =
                index < Histogram.bounds.count ? value(Histogram.bounds[index], .nanoseconds) : "+Inf"
            text += line(about.name + "_bucket", about.labels + ["le"], series.labels + [bound], String(count))
        }
        text += line(about.name + "_sum", about.labels, series.labels, value(histogram.sum, .nanoseconds))
        text += line(about.name + "_count", about.labels, series.labels, String(cumulative.last ?? 0))
        return text
    }

    private static func line(_ name: String, _ labels: [String], _ values: [String], _ value: String) -> String {
        let pairs = zip(labels, values).map { label, value in "\(label)=\"\(escaped(value, quotes: true))\"" }
        return name + (pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}") + " \(value)\n"
    }

    /// Exactly: a `Double` of nanoseconds since 1970 would not be.
    private static func value(_ number: Int64, _ unit: Metric.Unit) -> String {
        guard unit == .nanoseconds else { return String(number) }
        let (seconds, rest) = number.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        let digits = String(rest + 1_000_000_000).dropFirst()
        let places = digits.prefix(
            digits.lastIndex { $0 != "0" }.map { digits.distance(from: digits.startIndex, to: $0) + 1 } ?? 0)
        return (number < 0 ? "-" : "") + String(seconds) + (places.isEmpty ? "" : ".\(places)")
    }

    /// Backslashes and ends of lines, and in the values of labels double quotes.
    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
