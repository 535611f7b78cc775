import PolicyModel
import Testing
import WebSocketProtocol

@testable import Middleware

/// Passes, and tells what it has seen.
private struct Talker: HandshakeMiddleware {
    let text: String

    func evaluate(_ context: inout HandshakeContext) -> Verdict {
        context.note(text)
        return .pass
    }
}

private struct Refuser: HandshakeMiddleware {
    func evaluate(_ context: inout HandshakeContext) -> Verdict {
        context.note("nobody")
        return .refuse(Refusal(.ipNotAllowed))
    }
}

private func step(_ middleware: any HandshakeMiddleware, _ name: String, shadow: Bool = false) -> MiddlewareChain.Step {
    MiddlewareChain.Step(name: name, isShadow: shadow, middleware: middleware, position: position)
}

@Suite struct ChainTraceTests {
    private func trace(_ steps: [MiddlewareChain.Step]) throws -> (ChainOutcome, ChainTrace?) {
        var asked = try context()
        asked.trace = ChainTrace()
        let outcome = MiddlewareChain(steps, tokens: ToyKey.authority).admit(asked)
        return (outcome, outcome.admitted?.trace ?? outcome.refused?.1.trace)
    }

    @Test("each step that was asked, with what it saw, in order; a shadow's refusal changes nothing")
    func steps() throws {
        let chain = [
            step(Talker(text: "one"), "a"), step(Refuser(), "b", shadow: true), step(Talker(text: "two"), "c"),
        ]
        let (outcome, trace) = try trace(chain)
        #expect(outcome.admitted != nil)
        let steps = try #require(trace).steps
        #expect(steps.map(\.middleware) == ["a", "b", "c"])
        #expect(steps.map(\.notes) == [["one"], ["nobody"], ["two"]])
        #expect(steps.map(\.isShadow) == [false, true, false])
        #expect(steps.allSatisfy { $0.position == position })
        guard case .refused(let refusal) = steps[1].decision else {
            Issue.record("the shadow's own decision is not there")
            return
        }
        #expect(refusal.reason == .builtin(.ipNotAllowed))
    }

    @Test("what stands behind a refusal was not asked")
    func refusal() throws {
        let (outcome, trace) = try trace([step(Refuser(), "a"), step(Talker(text: "never"), "b")])
        #expect(outcome.reason == .ipNotAllowed)
        #expect(trace?.steps.map(\.middleware) == ["a"])
    }

    @Test("nothing is kept where nobody asks")
    func none() throws {
        let chain = MiddlewareChain([step(Talker(text: "one"), "a")], tokens: ToyKey.authority)
        #expect(chain.admit(try context()).admitted?.trace == nil)
    }
}
