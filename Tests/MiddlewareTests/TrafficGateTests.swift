import PolicyModel
import Testing
import Tokens

@testable import Middleware

/// A rate of so many a second.
func rate(
    _ unit: RouteRate.Unit, _ count: Int, burst: Int, key: TrafficLimit.Key = .connection,
    from: MessageRule.Source = .client, then onExceed: TrafficLimit.Excess = .close, mode: EnforcementMode = .enforce
) -> RouteRate {
    let limit = TrafficLimit(
        rate: Rate(count: count, period: .seconds(1)), burst: burst, key: key, onExceed: onExceed)
    return RouteRate(unit: unit, from: from, limit: limit, mode: mode, position: position)
}

/// These rates, ready for connections.
func rates(_ rates: [RouteRate]) -> TrafficRates {
    var environment = MiddlewareEnvironment(tokens: TokenAuthority())
    return TrafficRates(rates, of: "route chat", in: &environment)
}

let somebody = TrafficOwner(address: .v4(1), identity: nil)

@Suite struct TrafficGateTests {
    private let second: Int64 = 1_000_000_000
    /// The clock of all of them does not begin at 0.
    private let start: Int64 = 50_000_000_000

    private func gate(_ list: RouteRate...) -> TrafficGate { rates(list).gates(of: somebody).fromClient }

    @Test("without rates everything passes")
    func nothing() {
        var gate = TrafficGate()
        #expect(gate.isEmpty)
        #expect(gate.beginMessage(now: start) == .passes)
        #expect(gate.passed(bytes: .max, now: start) == .passes)
        #expect(gate.hits(of: 0) == 0)
    }

    @Test(
        "more messages than the rate close or are dropped, and those cost nothing",
        arguments: [
            (.close, .closes(.messageRateExceeded, rate: 0)), (.drop, .drops(rate: 0)),
        ] as [(TrafficLimit.Excess, TrafficGate.Answer)])
    func messages(_ onExceed: TrafficLimit.Excess, _ answer: TrafficGate.Answer) {
        var gate = gate(rate(.messages, 2, burst: 3, then: onExceed))
        for _ in 0..<3 { #expect(gate.beginMessage(now: start) == .passes) }
        for _ in 0..<100 { #expect(gate.beginMessage(now: start) == answer) }
        #expect(gate.beginMessage(now: start + second / 2 - 1) == answer)
        #expect(gate.beginMessage(now: start + second / 2) == .passes)
        #expect(gate.beginMessage(now: start + second / 2) == answer)
        #expect(gate.hits(of: 0) == 102)
        #expect(gate.passed(bytes: 1 << 30, now: start) == .passes)
    }

    @Test("each time that a rate acts is told of once, in shadow mode as well")
    func newHits() {
        var gate = gate(
            rate(.messages, 1, burst: 1, then: .drop), rate(.messages, 1, burst: 2, then: .close, mode: .shadow))
        func told() -> [Int: Int64] {
            var told: [Int: Int64] = [:]
            gate.takeHits { rate, count in told[rate] = count }
            return told
        }
        #expect(gate.beginMessage(now: start) == .passes)
        #expect(told().isEmpty)
        for _ in 0..<3 { _ = gate.beginMessage(now: start) }
        #expect(told()[0] == 3 && told().isEmpty)
        #expect(gate.hits(of: 0) == 3)
        var shadow = self.gate(rate(.messages, 1, burst: 1, mode: .shadow))
        for _ in 0..<3 { #expect(shadow.beginMessage(now: start) == .passes) }
        var count: Int64 = 0
        shadow.takeHits { count += $1 }
        #expect(count == 2 && shadow.hits(of: 0) == 2)
    }

    @Test("messages that are delayed get one turn after the other")
    func delayedMessages() {
        var gate = gate(rate(.messages, 2, burst: 2, then: .delay))
        for _ in 0..<2 { #expect(gate.beginMessage(now: start) == .passes) }
        #expect(gate.beginMessage(now: start) == .waits(until: start + second / 2))
        // Its turn has come; the next one's comes later.
        #expect(gate.beginMessage(now: start + second / 2) == .waits(until: start + second))
        #expect(gate.beginMessage(now: start + 2 * second) == .passes)
        #expect(gate.hits(of: 0) == 2)
    }

    @Test("each socket of somebody gets turns of its own")
    func sharedTurns() {
        let rates = rates([rate(.messages, 1, burst: 1, key: .address, then: .delay)])
        var gates = (0..<3).map { _ in rates.gates(of: somebody).fromClient }
        #expect(gates[0].beginMessage(now: start) == .passes)
        #expect(gates[1].beginMessage(now: start) == .waits(until: start + second))
        #expect(gates[2].beginMessage(now: start) == .waits(until: start + 2 * second))
        #expect(gates[0].beginMessage(now: start) == .waits(until: start + 3 * second))
    }

    @Test(
        "a message may exceed its bytes, and the next one waits until that is worked off",
        arguments: [
            (.close, .closes(.byteRateExceeded, rate: 0)), (.drop, .drops(rate: 0)),
        ] as [(TrafficLimit.Excess, TrafficGate.Answer)])
    func bytes(_ onExceed: TrafficLimit.Excess, _ answer: TrafficGate.Answer) {
        var gate = gate(rate(.bytes, 1000, burst: 1000, then: onExceed))
        #expect(gate.beginMessage(now: start) == .passes)
        #expect(gate.passed(bytes: 999, now: start) == .passes)
        #expect(gate.beginMessage(now: start) == .passes)
        #expect(gate.passed(bytes: 1001, now: start) == .passes)
        #expect(gate.passed(bytes: 1000, now: start) == .passes)
        #expect(gate.beginMessage(now: start) == answer)
        #expect(gate.beginMessage(now: start + 2 * second + 999_999) == answer)
        #expect(gate.beginMessage(now: start + 2 * second + 1_000_000) == .passes)
        #expect(gate.hits(of: 0) == 2)
    }

    @Test("bytes that are delayed have passed, and what follows waits")
    func delayedBytes() {
        var gate = gate(rate(.bytes, 1000, burst: 1000, then: .delay))
        #expect(gate.beginMessage(now: start) == .passes)
        #expect(gate.passed(bytes: 1000, now: start) == .passes)
        #expect(gate.passed(bytes: 0, now: start) == .passes)
        #expect(gate.passed(bytes: 500, now: start) == .waits(until: start + second / 2))
        // A second event of the same wake-up is the same wait.
        #expect(gate.passed(bytes: 500, now: start) == .waits(until: start + second))
        #expect(gate.hits(of: 0) == 1)
        #expect(gate.beginMessage(now: start + second / 2) == .waits(until: start + second))
        #expect(gate.beginMessage(now: start + second) == .passes)
        #expect(gate.passed(bytes: 1, now: start + second) == .waits(until: start + second + 1_000_000))
        #expect(gate.hits(of: 0) == 2)
    }

    @Test("of several rates the first one that refuses decides, and what is dropped keeps nobody waiting")
    func several() {
        var gate = gate(
            rate(.messages, 1, burst: 1, then: .delay), rate(.messages, 1, burst: 2, then: .drop),
            rate(.bytes, 10, burst: 10, then: .close))
        #expect(gate.beginMessage(now: start) == .passes)
        #expect(gate.beginMessage(now: start) == .waits(until: start + second))
        for _ in 0..<10 { #expect(gate.beginMessage(now: start) == .drops(rate: 1)) }
        #expect(gate.beginMessage(now: start + second) == .waits(until: start + 2 * second))
        #expect(gate.passed(bytes: 10, now: start + second) == .passes)
        #expect(gate.beginMessage(now: start + 2 * second - 1) == .drops(rate: 1))
        #expect(gate.beginMessage(now: start + 2 * second) == .waits(until: start + 3 * second))
        #expect(gate.passed(bytes: 100, now: start + 2 * second) == .passes)
        #expect(gate.beginMessage(now: start + 3 * second) == .closes(.byteRateExceeded, rate: 2))
        #expect([gate.hits(of: 0), gate.hits(of: 1), gate.hits(of: 2)] == [3, 11, 1])
    }

    @Test("the longest of several waits counts")
    func waits() {
        var gate = gate(
            rate(.bytes, 100, burst: 100, then: .delay), rate(.bytes, 1000, burst: 1, then: .delay))
        #expect(gate.passed(bytes: 201, now: start) == .waits(until: start + 1_010_000_000))
        var other = self.gate(
            rate(.bytes, 100, burst: 100, then: .delay), rate(.messages, 10, burst: 1, then: .delay))
        #expect(other.beginMessage(now: start) == .passes)
        #expect(other.passed(bytes: 200, now: start) == .waits(until: start + second))
        #expect(other.beginMessage(now: start) == .waits(until: start + second))
    }

    @Test("shadow counts what would have happened, and lets everything pass", arguments: TrafficLimit.Excess.allCases)
    func shadow(_ onExceed: TrafficLimit.Excess) {
        var gate = gate(
            rate(.messages, 1, burst: 2, then: onExceed, mode: .shadow),
            rate(.bytes, 10, burst: 10, then: onExceed, mode: .shadow))
        for _ in 0..<5 {
            #expect(gate.beginMessage(now: start) == .passes)
            #expect(gate.passed(bytes: 10, now: start) == .passes)
        }
        // What would not have passed has cost nothing.
        #expect(gate.beginMessage(now: start + second) == .passes)
        #expect([gate.hits(of: 0), gate.hits(of: 1)] == [3, 4])
        #expect(gate.passed(bytes: 10, now: start + second) == .passes)
        #expect(gate.beginMessage(now: start + second) == .passes)
        #expect([gate.hits(of: 0), gate.hits(of: 1)] == [4, 5])
    }

    @Test("at the end of a connection nobody waits, and what is dropped still is")
    func lifted() {
        var gate = gate(rate(.messages, 1, burst: 1, then: .delay), rate(.bytes, 1, burst: 1, then: .delay))
        gate.lift()
        for _ in 0..<5 {
            #expect(gate.beginMessage(now: start) == .passes)
            #expect(gate.passed(bytes: 1000, now: start) == .passes)
        }
        var other = self.gate(rate(.messages, 1, burst: 1, then: .drop))
        other.lift()
        #expect(other.beginMessage(now: start) == .passes)
        #expect(other.beginMessage(now: start) == .drops(rate: 0))
    }

    @Test("amounts and times at their ends do not trap")
    func ends() {
        for onExceed in TrafficLimit.Excess.allCases {
            var gate = gate(rate(.messages, 1, burst: .max, then: onExceed), rate(.bytes, 1, burst: 1, then: onExceed))
            for now in [0, start, .max - 1, .max] {
                _ = gate.beginMessage(now: now)
                _ = gate.passed(bytes: .max, now: now)
                _ = gate.passed(bytes: -1, now: now)
            }
        }
    }
}
