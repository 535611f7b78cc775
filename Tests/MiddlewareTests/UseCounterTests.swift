import Locking
import PolicyModel
import Testing
import Tokens

@testable import Middleware

/// Answers as it is told to, at once, and notes what it was asked.
private final class Counter: UseCounter {
    private let answer: UseAnswer

    init(_ answer: UseAnswer) {
        self.answer = answer
    }

    func use(_ id: String, limit: Int64, answered: @escaping @Sendable (UseAnswer) -> Void) {
        #expect(id == "t-1" && limit == 3)
        answered(answer)
    }
}

private let limited: [String: ClaimValue] = ["uses": .integer(3)]

/// What a chain of `token` and `origin` makes of a token with these claims.
private func outcome(
    _ claims: [String: ClaimValue], counter: (any UseCounter)? = nil, origin: Bool = true,
    from address: String = "192.0.2.1"
) throws -> ChainOutcome {
    var environment = MiddlewareEnvironment(tokens: TokenIssuers(ToyKey.authority), uses: counter)
    let settings: [MiddlewareSettings] = [
        .token(TokenSettings(issuers: ["local"])), .origin(OriginSettings(allow: [], admitsMissing: origin)),
    ]
    let chain = MiddlewareChain(
        entries: settings.map { MiddlewareEntry(settings: $0, position: position) }, name: "c",
        environment: &environment)
    let token = try ToyKey.token(other: claims)
    return chain.admit(try context("/chat", [("Authorization", "Bearer \(token)")], from: address))
}

/// The same once its errand is answered.
private func answered(_ outcome: ChainOutcome) throws -> ChainOutcome {
    guard case .suspended(let handshake) = outcome, case .errand(let errand) = handshake.pending else { return outcome }
    let conclusion = Lock<Conclusion?>(nil)
    errand.ask { answer in conclusion.withLock { $0 = answer } }
    // The counter has answered at once.
    let answer = try #require(conclusion.withLock { $0 })
    return handshake.resume(at: HandshakeTime(unixSeconds: noon, monotonic: 0), with: answer)
}

@Suite struct UseCounterTests {
    @Test(
        "a token of limited use waits for its count",
        arguments: [
            (UseAnswer.admitted, nil), (.exhausted, RefusalReason.tokenExhausted),
            (.unavailable, .tokenStoreUnavailable),
        ])
    func counted(_ answer: UseAnswer, _ reason: RefusalReason?) throws {
        let suspended = try outcome(limited, counter: Counter(answer))
        #expect(suspended.admitted == nil && suspended.reason == nil)
        let settled = try answered(suspended)
        #expect(settled.reason == reason)
        #expect((settled.admitted != nil) == (reason == nil))
    }

    @Test("without a counter it is not let in; one without a limit is not counted")
    func uncounted() throws {
        #expect(try outcome(limited).reason == .tokenStoreUnavailable)
        #expect(try outcome([:]).admitted != nil)
    }

    @Test("what is refused for something else is not counted")
    func refused() throws {
        #expect(try outcome(limited, counter: Counter(.admitted), origin: false).reason == .originMissing)
    }

    @Test("a token that is bound to networks is good from nowhere else")
    func networks() throws {
        let bound: [String: ClaimValue] = ["from_address": .array([.string("192.0.2.0/31"), .string("2001:db8::/32")])]
        #expect(try outcome(bound, from: "192.0.2.1").admitted != nil)
        #expect(try outcome(bound, from: "2001:db8::1").admitted != nil)
        #expect(try outcome(bound, from: "192.0.2.2").reason == .tokenAddressMismatch)
        #expect(try outcome(["from_address": .array([.string("everywhere")])]).reason == .tokenAddressMismatch)
    }
}
