import Locking
import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Middleware

private struct Badge: HandshakeMiddleware {
    static let closed = try? CustomReason("badge-closed", of: "badge", status: 403, message: "Closed.")
    var upstreamHeaders: [String] { ["X-Badge"] }

    func evaluate(_ context: inout HandshakeContext) -> Verdict {
        if let reason = Self.closed, context.request.target.path == "/closed" { return .refuse(Refusal(reason)) }
        // Only some get one, so that what others send under its name must be gone by itself.
        if context.request.target.path == "/badge" { context.upstreamHeaders.add("X-Badge", "gold") }
        return .pass
    }
}

private struct Mute: MessageFilter {
    func inspect(opcode: Opcode, payload: Span<UInt8>) -> FilterVerdict { .drop }
}

private func settings(_ name: String) -> ExtensionSettings {
    ExtensionSettings(name: name, value: SettingsValue(content: .mapping([]), position: position))
}

private func chain(_ name: String, _ mode: EnforcementMode = .enforce) -> MiddlewareChain {
    var environment = MiddlewareEnvironment(tokens: TokenAuthority())
    environment.extensions = ExtensionFactories(middlewares: ["badge": { _ in Badge() }, "broken": { _ in nil }])
    return MiddlewareChain(
        entries: [MiddlewareEntry(settings: .custom(settings(name)), mode: mode, position: position)],
        name: "route chat", environment: &environment)
}

@Suite struct ExtensionFactoriesTests {
    @Test("H38 a middleware that cannot be made, or is not there, lets nobody in", arguments: ["broken", "other"])
    func unavailable(_ name: String) throws {
        #expect(chain(name).admit(try context()).reason == .middlewareUnavailable)
        let admitted = try #require(chain(name, .shadow).admit(try context()).admitted)
        #expect(admitted.shadowRefusals == [ShadowRefusal(middleware: name, reason: .middlewareUnavailable)])
    }

    @Test("a filter that cannot be made, or is not there, lets nothing through")
    func unavailableFilter() {
        let factories = ExtensionFactories(filters: ["mute": { _ in Mute() }, "broken": { _ in nil }])
        let payload: [UInt8] = [1]
        for (name, verdict) in [
            ("mute", FilterVerdict.drop), ("broken", .close(.internalError, reason: "")),
            ("other", .close(.internalError, reason: "")),
        ] {
            let filter = factories.filter(settings(name))
            #expect(filter.inspect(opcode: .binary, payload: payload.span) == verdict)
        }
    }

    @Test("its reason is the handshake's; in shadow mode it is written down")
    func reason() throws {
        let reason = try #require(Badge.closed)
        #expect(chain("badge").admit(try context("/closed")).refused?.0.reason == .custom(reason))
        let admitted = try #require(chain("badge", .shadow).admit(try context("/closed")).admitted)
        #expect(admitted.shadowRefusals == [ShadowRefusal(middleware: "badge", reason: .custom(reason))])
    }

    @Test("H9 H10 a field that it sets never comes from the client, also where it sets none")
    func upstreamHeaders() throws {
        let spoofed = [("X-Badge", "root"), ("x_badge", "root")]
        let some = try #require(chain("badge").admit(try context("/badge", spoofed)).admitted)
        #expect(some.upstreamHeaders.values("X-Badge") == ["gold"] && !some.upstreamHeaders.contains("x_badge"))
        let none = try #require(chain("badge").admit(try context("/", spoofed)).admitted)
        #expect(!none.upstreamHeaders.contains("X-Badge") && !none.upstreamHeaders.contains("x_badge"))
        let shadow = try #require(chain("badge", .shadow).admit(try context("/badge", spoofed)).admitted)
        #expect(shadow.upstreamHeaders.values("X-Badge") == ["root"])
    }
}

/// Answers with what its settings are made of.
private struct Says: MessageFilter {
    let verdict: FilterVerdict
    func inspect(opcode: Opcode, payload: Span<UInt8>) -> FilterVerdict { verdict }
}

/// Puts a message through one rule with a filter.
private func verdict(
    _ says: FilterVerdict, _ mode: EnforcementMode = .enforce, opcode: Opcode = .text, from: MessageRule.Source = .both,
    sender: MessageSender = .client, maximumBytes: Int = .max, name: String = "says"
) throws -> Judged {
    let factories = ExtensionFactories(filters: ["says": { _ in Says(verdict: says) }])
    let rules = MessageRules(
        [rule(.all([]), .filter(settings(name)), mode, named: "mine", from: from)], extensions: factories)
    var plan = MessagePlan(rules, from: sender, of: try facts(), maximumBytes: maximumBytes)
    var scratch = FilterScratch()
    let payload = Array("hi".utf8)
    guard plan.reads(opcode, size: payload.count) else { return Judged(verdict: .pass, hits: []) }
    let verdict = plan.evaluate(opcode: opcode, payload: payload.span, now: 0, using: &scratch)
    return Judged(
        verdict: verdict, output: verdict == .edited ? String(decoding: scratch.output, as: UTF8.self) : nil,
        hits: scratch.hits.map { $0.isShadow ? ~$0.rule : $0.rule })
}

@Suite struct FilterRuleTests {
    private static let upper = FilterVerdict.replace(Array("HI".utf8))

    @Test("a filter's word is the rule's, on either side", arguments: [MessageSender.client, .upstream])
    func verdicts(_ sender: MessageSender) throws {
        #expect(try verdict(.pass, sender: sender) == Judged(verdict: .pass, hits: []))
        #expect(try verdict(.drop, sender: sender) == Judged(verdict: .drop, hits: [0]))
        #expect(try verdict(Self.upper, sender: sender) == Judged(verdict: .edited, output: "HI", hits: [0]))
        let close = MessageVerdict.close(.policyViolation, reason: "no", rule: "mine")
        #expect(
            try verdict(.close(.policyViolation, reason: "no"), sender: sender) == Judged(verdict: close, hits: [0]))
    }

    @Test("of the other side's messages it sees none")
    func side() throws {
        #expect(try verdict(.drop, from: .upstream) == Judged(verdict: .pass, hits: []))
    }

    @Test(
        "in shadow mode whatever it says is written down, and does nothing",
        arguments: [
            FilterVerdict.drop, upper, .close(.policyViolation, reason: "no"), .replace([0xff]),
            .replace(Array("too long".utf8)),
        ])
    func shadow(_ says: FilterVerdict) throws {
        #expect(try verdict(says, .shadow, maximumBytes: 4) == Judged(verdict: .pass, hits: [-1]))
    }

    @Test("H17 a replacement is no longer than the route's messages, and a text's is text")
    func bounds() throws {
        #expect(try verdict(Self.upper, maximumBytes: 2).verdict == .edited)
        let large = MessageVerdict.close(.messageTooBig, reason: "message-too-big", rule: "mine")
        #expect(try verdict(Self.upper, maximumBytes: 1).verdict == large)
        let broken = MessageVerdict.close(.internalError, reason: "", rule: "mine")
        #expect(try verdict(.replace([0xff])).verdict == broken)
        #expect(try verdict(.replace([0xff]), opcode: .binary).verdict == .edited)
    }

    @Test("one that is not there lets nothing through")
    func missing() throws {
        let broken = MessageVerdict.close(.internalError, reason: "", rule: "mine")
        #expect(try verdict(.pass, name: "other").verdict == broken)
    }

    @Test("one is made for both sides")
    func once() {
        let made = Lock(0)
        let factories = ExtensionFactories(
            filters: [
                "says": { _ in
                    made.withLock { $0 += 1 }
                    return Says(verdict: .pass)
                }
            ])
        _ = MessageRules([rule(.all([]), .filter(settings("says")), from: .both)], extensions: factories)
        #expect(made.withLock { $0 } == 1)
    }
}
