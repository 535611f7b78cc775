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
