import Testing

@testable import Engine

@Suite struct SeriesTests {
    private func names() -> PolicyNames {
        PolicyNames(PolicyNamesTests.policy(routes: ["chat"]))
    }

    @Test("counted by metric and labels; a count of none has the series be there")
    func counts() {
        var counts = Counts()
        counts.add(.refusals, "chat", "ip-denied")
        counts.add(.refusals, "chat", "ip-denied", count: 4)
        counts.add(.refusals, "feed", "ip-denied")
        counts.add(.tickets, "chat", count: 0)
        #expect(counts.numbers[Series(.refusals, ["chat", "ip-denied"])] == 5)
        #expect(counts.numbers[Series(.refusals, ["feed", "ip-denied"])] == 1)
        #expect(counts.numbers[Series(.tickets, ["chat"])] == 0)
        #expect(counts.numbers[Series(.tickets, ["feed"])] == nil)
    }

    @Test("what workers have counted adds up: series of both, and of one alone")
    func addition() {
        var (one, other) = (Counts(), Counts())
        one.add(.connectionsOpened, "chat", count: 2)
        other.add(.connectionsOpened, "chat", count: 3)
        other.add(.connectionsOpened, "feed")
        one.time(.handshakeSeconds, "opened", took: 5)
        other.time(.handshakeSeconds, "opened", took: 7)
        other.time(.handshakeSeconds, "refused", took: 1)
        one.add(other)
        #expect(one.numbers == [Series(.connectionsOpened, ["chat"]): 5, Series(.connectionsOpened, ["feed"]): 1])
        #expect(one.histograms[Series(.handshakeSeconds, ["opened"])]?.sum == 12)
        #expect(one.histograms[Series(.handshakeSeconds, ["refused"])]?.cumulative.last == 1)
    }

    @Test("what bears a name that the policy does not have is forgotten")
    func forgetting() {
        var counts = Counts()
        counts.add(.connectionsOpened, "chat")
        counts.add(.connectionsOpened, "gone")
        counts.time(.upstreamConnectSeconds, "u", took: 1)
        counts.time(.upstreamConnectSeconds, "gone", took: 1)
        counts.keep(names())
        #expect(Array(counts.numbers.keys) == [Series(.connectionsOpened, ["chat"])])
        #expect(Array(counts.histograms.keys) == [Series(.upstreamConnectSeconds, ["u"])])
    }

    @Test("what there is no room for is one series of its metric")
    func folding() {
        var counts = Counts()
        for reason in ["a", "b", "c"] { counts.add(.refusals, "chat", reason) }
        counts.time(.upstreamConnectSeconds, "u", took: 3)
        let folded = counts.mapped { $0.labels.last == "a" ? $0 : $0.folded }
        #expect(
            folded.numbers == [
                Series(.refusals, ["chat", "a"]): 1, Series(.refusals, ["(overflow)", "(overflow)"]): 2,
            ])
        #expect(folded.histograms[Series(.upstreamConnectSeconds, ["(overflow)"])]?.sum == 3)
    }
}
