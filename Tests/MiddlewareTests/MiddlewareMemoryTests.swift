import PolicyModel
import Testing
import Tokens

@testable import Middleware

/// A chain, and the environment that the policy after it starts with.
private func chain(
    _ settings: [MiddlewareSettings], name: String = "route chat", after before: MiddlewareEnvironment? = nil
) -> (chain: MiddlewareChain, environment: MiddlewareEnvironment) {
    var environment = MiddlewareEnvironment(tokens: TokenAuthority())
    if let before { environment.memory = before.memory.succeeding }
    let entries = settings.map { MiddlewareEntry(settings: $0, position: position) }
    return (MiddlewareChain(entries: entries, name: name, environment: &environment), environment)
}

@Suite struct MiddlewareMemoryTests {
    private let rate = ConnectionRateSettings(rate: Rate(count: 1, period: .seconds(60)), burst: 1)

    @Test("a rate that stands unchanged is not fresh after a reload")
    func rates() throws {
        let first = chain([.connectionRate(rate)])
        #expect(first.chain.admit(try context()).reason == nil)
        let second = chain(
            [.origin(OriginSettings(allow: [], admitsMissing: true)), .connectionRate(rate)],
            after: first.environment)
        #expect(second.chain.admit(try context()).reason == .connectionRateExceeded)
        let third = chain([.connectionRate(rate)], after: second.environment)
        #expect(third.chain.admit(try context()).reason == .connectionRateExceeded)
    }

    @Test("another rate, or another chain, begins anew, and so does one that was away for a policy")
    func forgotten() throws {
        let first = chain([.connectionRate(rate)])
        #expect(first.chain.admit(try context()).reason == nil)
        var other = rate
        other.burst = 2
        #expect(chain([.connectionRate(other)], after: first.environment).chain.admit(try context()).reason == nil)
        let elsewhere = chain([.connectionRate(rate)], name: "route other", after: first.environment)
        #expect(elsewhere.chain.admit(try context()).reason == nil)
        let gone = chain([], after: first.environment)
        let again = chain([.connectionRate(rate)], after: gone.environment)
        #expect(again.chain.admit(try context()).reason == nil)
    }

    @Test("live connections are counted on, also by another maximum")
    func limits() throws {
        let first = chain([.connectionLimit(ConnectionLimitSettings(maximum: 1))])
        let live = try #require(first.chain.admit(try context()).admitted)
        let second = chain([.connectionLimit(ConnectionLimitSettings(maximum: 2))], after: first.environment)
        let another = try #require(second.chain.admit(try context()).admitted)
        #expect(second.chain.admit(try context()).reason == .connectionLimitExceeded)
        #expect(live.leases.count + another.leases.count == 2)
    }

    @Test("two of one kind in a chain do not share")
    func ordinals() throws {
        let first = chain([.connectionRate(rate), .connectionRate(rate)])
        #expect(first.chain.admit(try context()).reason == nil)
        let second = chain([.connectionRate(rate), .connectionRate(rate)], after: first.environment)
        #expect(second.chain.admit(try context()).reason == .connectionRateExceeded)
    }
}
