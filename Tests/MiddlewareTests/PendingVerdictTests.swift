import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Middleware

/// Waits, and then says what it is told to.
private struct Waiting: HandshakeMiddleware {
    func judges(_ purpose: HandshakePurpose) -> Bool { true }

    func evaluate(_ context: inout HandshakeContext) -> Verdict {
        .wait(.errand(Errand(patience: .seconds(1), late: Refusal(.requestTimeout)) { _ in }))
    }
}

/// Adds its name to what goes upstream, with the second at which it was asked.
private struct Mark: HandshakeMiddleware {
    let name: String

    func evaluate(_ context: inout HandshakeContext) -> Verdict {
        context.upstreamHeaders.add(name, String(context.time.unixSeconds - noon))
        return .pass
    }
}

private func chain(
    _ middlewares: [any HandshakeMiddleware], shadow: Bool = false, tokens: TokenAuthority = ToyKey.authority
) -> MiddlewareChain {
    MiddlewareChain(
        middlewares.map { .init(name: "step", isShadow: shadow && $0 is Waiting, middleware: $0) }, tokens: tokens)
}

extension ChainOutcome {
    fileprivate var suspended: SuspendedHandshake? {
        if case .suspended(let handshake) = self { handshake } else { nil }
    }
}

private let later = HandshakeTime(unixSeconds: noon + 5, monotonic: 5)

@Suite struct PendingVerdictTests {
    @Test("a step that waits suspends the chain; with the answer it goes on behind that step, at the time of then")
    func goesOn() throws {
        let chain = chain([Mark(name: "X-Before"), Waiting(), Mark(name: "X-After")])
        let suspended = try #require(chain.admit(try context()).suspended)
        let outcome = suspended.resume(at: later) { context in
            context.upstreamHeaders.add("X-Answer", "yes")
            return .pass
        }
        let admitted = try #require(outcome.admitted)
        #expect(admitted.upstreamHeaders.values("X-Before") == ["0"])
        #expect(admitted.upstreamHeaders.values("X-Answer") == ["yes"])
        #expect(admitted.upstreamHeaders.values("X-After") == ["5"])
    }

    @Test("an answer may refuse, and gives back what the context held")
    func refuses() throws {
        var environment = MiddlewareEnvironment(tokens: TokenAuthority())
        let limit = ConnectionLimit(ConnectionLimitSettings(maximum: 1), of: "c", in: &environment)
        let chain = chain([limit, Waiting()])
        var suspended = chain.admit(try context()).suspended
        #expect(chain.admit(try context()).reason == .connectionLimitExceeded)
        let outcome = try #require(suspended?.resume(at: later) { _ in .refuse(Refusal(.tokenMissing)) })
        suspended = nil
        #expect(outcome.reason == .tokenMissing)
        #expect(chain.admit(try context()).suspended != nil)
    }

    @Test("an answer may wait again")
    func waitsAgain() throws {
        let suspended = try #require(chain([Waiting(), Mark(name: "X-After")]).admit(try context()).suspended)
        let again = try #require(suspended.resume(at: later) { Waiting().evaluate(&$0) }.suspended)
        let admitted = try #require(again.resume(at: later) { _ in .pass }.admitted)
        #expect(admitted.upstreamHeaders.values("X-After") == ["5"])
    }

    @Test("shadow: the answer is noted and edits nothing")
    func shadow() throws {
        let suspended = try #require(chain([Waiting()], shadow: true).admit(try context()).suspended)
        let outcome = suspended.resume(at: later) { context in
            context.upstreamHeaders.add("X-Answer", "no")
            return .refuse(Refusal(.tokenMissing))
        }
        let admitted = try #require(outcome.admitted)
        #expect(admitted.shadowRefusals == [ShadowRefusal(middleware: "step", reason: .tokenMissing)])
        #expect(!admitted.upstreamHeaders.contains("X-Answer"))
    }

    @Test("a token that is revoked or ends while its handshake waits, or that nobody can look up then, lets nobody in")
    func revokedMeanwhile() throws {
        let authority = ToyKey.authority
        let identity = try authority.verify(
            ToyKey.token(), issuers: ["local"], audience: nil, scopes: [], now: noon)
        let chain = chain([Waiting()], tokens: authority)
        let conclusion: Conclusion = { context in
            context.identity = identity
            return .pass
        }
        let suspended = try #require(chain.admit(try context()).suspended)
        #expect(suspended.resume(at: later, with: conclusion).admitted != nil)
        let end = HandshakeTime(unixSeconds: noon + 60, monotonic: 60)
        let late = try #require(chain.admit(try context()).suspended)
        #expect(late.resume(at: end, with: conclusion).reason == .tokenExpired)
        authority.markUnavailable(true)
        let blind = try #require(chain.admit(try context()).suspended)
        #expect(blind.resume(at: later, with: conclusion).reason == .tokenStoreUnavailable)
        authority.markUnavailable(false)
        authority.add([.id("t-1", expiresAt: noon + 60)])
        let again = try #require(chain.admit(try context()).suspended)
        #expect(again.resume(at: later, with: conclusion).reason == .tokenRevoked)
    }

    @Test("nobody waits for a ticket, and is refused none by a step in shadow mode that would")
    func ticket() throws {
        let connection = try context()
        let asking = HandshakeContext(
            request: connection.request, clientAddress: connection.clientAddress, requestID: "r-1",
            time: connection.time, purpose: .ticket(seed: []))
        // Refused in the end, as the chain checks no token.
        let (refusal, context) = try #require(chain([Waiting()], shadow: true).admit(asking).refused)
        #expect(refusal.reason == .builtin(.tokenMissing))
        #expect(context.shadowRefusals.map(\.reason) == [.builtin(.requestTimeout)])
        #expect(chain([Waiting()]).admit(asking).reason == .requestTimeout)
    }
}
