import Testing

@testable import Engine

@Suite struct MetricTests {
    @Test("every metric has a name of its own, by Prometheus's rules for names", arguments: Metric.allCases)
    func names(_ metric: Metric) {
        let about = metric.description
        #expect(Metric.allCases.count { $0.description.name == about.name } == 1)
        #expect(about.name.hasPrefix("portcullis_") || about.name.hasPrefix("process_"))
        #expect(about.name.allSatisfy { $0.isASCII && ($0.isLowercase || $0 == "_") })
        #expect((about.kind == .counter) == about.name.hasSuffix("_total"))
        // What is kept in nanoseconds is told in seconds.
        if about.unit == .nanoseconds { #expect(about.name.contains("_seconds")) }
        #expect(about.help.hasSuffix(".") && !about.help.contains("\n"))
        #expect(Set(about.labels).count == about.labels.count && !about.labels.contains("le"))
    }
}
