import Testing

@testable import Engine

@Suite struct ExpositionTests {
    private func lines(_ build: (inout Counts) -> Void = { _ in }) -> [String] {
        var counts = Counts()
        build(&counts)
        return String(decoding: Exposition.text(of: counts), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test("each metric has its help and its type, once, also where nothing of it was counted")
    func headers() {
        let lines = lines()
        #expect(lines.count == 2 * Metric.allCases.count)
        for metric in Metric.allCases {
            let (name, kind) = (metric.description.name, metric.description.kind.rawValue)
            #expect(lines.count { $0.hasPrefix("# HELP \(name) ") } == 1)
            #expect(lines.count { $0 == "# TYPE \(name) \(kind)" } == 1)
        }
    }

    @Test("a line for each series, in the order of its labels, behind its metric's head")
    func samples() throws {
        let lines = lines { counts in
            counts.add(.refusals, "feed", "ip-denied", count: 7)
            counts.add(.refusals, "chat", "token-missing")
            counts.add(.refusals, "chat", "ip-denied", count: 2)
            counts.add(.draining, count: 0)
        }
        let head = try #require(lines.firstIndex(of: "# TYPE portcullis_refusals_total counter"))
        #expect(
            lines[(head + 1)...(head + 3)] == [
                #"portcullis_refusals_total{route="chat",reason="ip-denied"} 2"#,
                #"portcullis_refusals_total{route="chat",reason="token-missing"} 1"#,
                #"portcullis_refusals_total{route="feed",reason="ip-denied"} 7"#,
            ])
        #expect(lines.contains("portcullis_draining 0"))
    }

    @Test("backslashes, quotes and ends of lines in a label are escaped, and nothing else")
    func escaping() {
        let lines = lines { $0.add(.certificateExpiry, "a\\b", "c\"d\ne{f},é\t", count: 9) }
        #expect(
            lines.contains(
                #"portcullis_tls_certificate_expiry_timestamp_seconds{listener="a\\b",name="c\"d\ne{f},é"# + "\t"
                    + #""} 9"#))
    }

    @Test(
        "times are in seconds, exactly",
        arguments: [
            (0, "0"), (1, "0.000000001"), (1_500_000_000, "1.5"), (2_000_000_000, "2"), (10_000_000, "0.01"),
            (1_700_000_000_123_000_000, "1700000000.123"), (-250_000_000, "-0.25"),
        ] as [(Int64, String)])
    func seconds(_ nanoseconds: Int64, _ expected: String) {
        #expect(lines { $0.add(.cpuSeconds, count: nanoseconds) }.contains("process_cpu_seconds_total \(expected)"))
    }

    @Test("a histogram: cumulative buckets up to +Inf, the sum and the count")
    func histograms() {
        let name = "portcullis_upstream_connect_seconds"
        let lines = lines { counts in
            for time in [50_000, 2_000_000, 20_000_000_000] as [Nanoseconds] {
                counts.time(.upstreamConnectSeconds, "u", took: time)
            }
        }.filter { $0.hasPrefix(name) }
        #expect(lines.count == Histogram.bounds.count + 3)
        #expect(lines.first == #"\#(name)_bucket{upstream="u",le="0.0001"} 1"#)
        #expect(lines[2] == #"\#(name)_bucket{upstream="u",le="0.001"} 1"#)
        #expect(lines[3] == #"\#(name)_bucket{upstream="u",le="0.0025"} 2"#)
        #expect(lines[14] == #"\#(name)_bucket{upstream="u",le="10"} 2"#)
        #expect(
            lines[15...] == [
                #"\#(name)_bucket{upstream="u",le="+Inf"} 3"#, #"\#(name)_sum{upstream="u"} 20.00205"#,
                #"\#(name)_count{upstream="u"} 3"#,
            ])
    }
}
