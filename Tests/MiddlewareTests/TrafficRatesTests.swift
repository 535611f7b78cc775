import PolicyModel
import Testing
import Tokens

@testable import Middleware

@Suite struct TrafficRatesTests {
    private let second: Int64 = 1_000_000_000

    private func owner(_ address: IPAddress = .v4(1), subject: String? = nil) -> TrafficOwner {
        TrafficOwner(address: address, identity: nil, authorizedSubject: subject)
    }

    /// Whether a connection of `other` may say nothing more once one of `owner` has said its one message.
    private func share(_ limit: TrafficLimit, _ owner: TrafficOwner, _ other: TrafficOwner) -> Bool {
        let rates = rates([RouteRate(unit: .messages, limit: limit, position: position)])
        var (first, second) = (rates.gates(of: owner).fromClient, rates.gates(of: other).fromClient)
        #expect(first.beginMessage(now: 0) == .passes)
        return second.beginMessage(now: 0) != .passes
    }

    private func limit(_ key: TrafficLimit.Key, ipv6Prefix: Int = 64) -> TrafficLimit {
        TrafficLimit(rate: Rate(count: 1, period: .seconds(1)), burst: 1, key: key, ipv6Prefix: ipv6Prefix)
    }

    @Test("connections share nothing, an address or a subject shares its bucket")
    func keys() throws {
        #expect(!share(limit(.connection), owner(), owner()))
        #expect(share(limit(.address), owner(subject: "a"), owner(subject: "b")))
        #expect(!share(limit(.address), owner(.v4(1)), owner(.v4(2))))
        #expect(share(limit(.subject), owner(.v4(1), subject: "a"), owner(.v4(2), subject: "a")))
        #expect(!share(limit(.subject), owner(subject: "a"), owner(subject: "b")))
    }

    @Test("IPv6 clients are counted by their network")
    func networks() throws {
        let first = try #require(IPAddress("2001:db8::1"))
        let near = try #require(IPAddress("2001:db8::ffff:0:0:1"))
        let far = try #require(IPAddress("2001:db8:0:1::1"))
        #expect(share(limit(.address), owner(first), owner(near)))
        #expect(!share(limit(.address), owner(first), owner(far)))
        #expect(share(limit(.address, ipv6Prefix: 48), owner(first), owner(far)))
    }

    @Test("a token's subject is that of its issuer; nobody's connections count by their address")
    func subjects() throws {
        let token = try ToyKey.verified(scopes: [])
        let owned = TrafficOwner(address: .v4(1), identity: token)
        #expect(share(limit(.subject), owned, TrafficOwner(address: .v4(2), identity: token)))
        #expect(!share(limit(.subject), owned, owner(subject: token.subject)))
        #expect(share(limit(.subject), owner(), owner()))
        #expect(!share(limit(.subject), owner(.v4(1)), owner(.v4(2))))
        #expect(!share(limit(.subject), owner(), owner(subject: "a")))
    }

    @Test("directions are counted apart, or together where both are meant")
    func directions() {
        let apart = rates([rate(.messages, 1, burst: 1), rate(.messages, 1, burst: 1, from: .upstream)])
        var (fromClient, fromUpstream) = apart.gates(of: somebody)
        #expect(fromClient.beginMessage(now: 0) == .passes)
        #expect(fromUpstream.beginMessage(now: 0) == .passes)
        #expect(fromUpstream.beginMessage(now: 0) == .closes(.messageRateExceeded, rate: 1))
        for key in [TrafficLimit.Key.connection, .address] {
            let both = rates([rate(.messages, 1, burst: 2, key: key, from: .both, then: .drop)])
            (fromClient, fromUpstream) = both.gates(of: somebody)
            #expect(fromClient.beginMessage(now: 0) == .passes)
            #expect(fromUpstream.beginMessage(now: 0) == .passes)
            #expect(fromUpstream.beginMessage(now: 0) == .drops(rate: 0))
            #expect(fromClient.beginMessage(now: 0) == .drops(rate: 0))
            #expect(both.hits(fromClient, fromUpstream).map(\.count) == [2])
        }
        let one = rates([rate(.messages, 1, burst: 1)]).gates(of: somebody)
        #expect(!one.fromClient.isEmpty)
        #expect(one.fromUpstream.isEmpty)
    }

    @Test("what has acted is named, and nothing else")
    func hits() {
        let rates = rates([
            rate(.messages, 1, burst: 9), rate(.messages, 1, burst: 1, then: .drop), rate(.bytes, 1, burst: 1),
        ])
        var gate = rates.gates(of: somebody).fromClient
        for _ in 0..<3 { _ = gate.beginMessage(now: 0) }
        let hits = rates.hits(gate)
        #expect(hits.map(\.count) == [2])
        #expect(hits.map(\.rate.limit.burst) == [1])
        #expect(rates[2].unit == .bytes)
    }

    @Test("who opens a connection anew goes on with what was left")
    func reconnecting() {
        for key in [TrafficLimit.Key.address, .subject] {
            let rates = rates([rate(.messages, 1, burst: 5, key: key, then: .drop)])
            var passed = 0
            for _ in 0..<20 {
                var gate = rates.gates(of: owner(subject: "alice")).fromClient
                if gate.beginMessage(now: 0) == .passes { passed += 1 }
            }
            #expect(passed == 5)
        }
    }

    /// The rates of a policy, and the memory that the next one starts with.
    private func reloaded(
        _ list: [RouteRate], of chain: String = "route chat", after memory: MiddlewareMemory? = nil
    ) -> (gate: TrafficGate, memory: MiddlewareMemory) {
        var environment = MiddlewareEnvironment(tokens: TokenAuthority())
        if let memory { environment.memory = memory.succeeding }
        let rates = TrafficRates(list, of: chain, in: &environment)
        return (rates.gates(of: somebody).fromClient, environment.memory)
    }

    @Test("a rate that stands unchanged is not fresh after a reload, whatever becomes of what exceeds it")
    func reload() {
        let before = rate(.messages, 1, burst: 1, key: .address)
        var first = reloaded([before])
        #expect(first.gate.beginMessage(now: 0) == .passes)
        var second = reloaded([rate(.messages, 1, burst: 1, key: .address, then: .drop)], after: first.memory)
        #expect(second.gate.beginMessage(now: 0) == .drops(rate: 0))
        var third = reloaded([rate(.bytes, 1, burst: 1), before], after: second.memory)
        #expect(third.gate.beginMessage(now: 0) == .closes(.messageRateExceeded, rate: 1))
        // The connection of before is still there, and shares it.
        #expect(first.gate.beginMessage(now: self.second) == .passes)
        #expect(third.gate.beginMessage(now: self.second) == .closes(.messageRateExceeded, rate: 1))
    }

    @Test(
        "another rate, and one of another route, begins anew",
        arguments: [
            rate(.messages, 2, burst: 1, key: .address), rate(.messages, 1, burst: 2, key: .address),
            rate(.messages, 1, burst: 1, key: .subject), rate(.messages, 1, burst: 1, key: .address, from: .both),
        ])
    func anew(_ other: RouteRate) {
        let one = rate(.messages, 1, burst: 1, key: .address)
        var first = reloaded([one])
        #expect(first.gate.beginMessage(now: 0) == .passes)
        var second = reloaded([other], after: first.memory)
        for _ in 0..<other.limit.burst { #expect(second.gate.beginMessage(now: 0) == .passes) }
        var elsewhere = reloaded([one], of: "route other", after: first.memory)
        #expect(elsewhere.gate.beginMessage(now: 0) == .passes)
    }

    @Test("networks of another size begin anew")
    func networksAnew() {
        var limit = TrafficLimit(rate: Rate(count: 1, period: .seconds(1)), burst: 1, key: .address)
        var first = reloaded([RouteRate(unit: .messages, limit: limit, position: position)])
        #expect(first.gate.beginMessage(now: 0) == .passes)
        limit.ipv6Prefix = 48
        var second = reloaded([RouteRate(unit: .messages, limit: limit, position: position)], after: first.memory)
        #expect(second.gate.beginMessage(now: 0) == .passes)
    }

    @Test("two of one kind do not share")
    func ordinals() {
        let one = rate(.messages, 1, burst: 2, key: .address, then: .drop)
        var first = reloaded([one, one])
        #expect(first.gate.beginMessage(now: 0) == .passes)
        #expect(first.gate.beginMessage(now: 0) == .passes)
        #expect(first.gate.beginMessage(now: 0) == .drops(rate: 0))
    }
}
