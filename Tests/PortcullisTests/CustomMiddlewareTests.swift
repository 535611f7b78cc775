import Middleware
import PolicyFile
import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Portcullis

private func chain(_ mode: EnforcementMode = .enforce, wait: String = "5s") -> MiddlewareChain {
    var environment = MiddlewareEnvironment(tokens: TokenAuthority())
    environment.extensions = Extensions(middleware: [Gate.self]).factories
    let settings = ExtensionSettings(name: "gate", value: mapping([("path", "/open"), ("wait", wait)]))
    return MiddlewareChain(
        entries: [MiddlewareEntry(settings: .custom(settings), mode: mode, position: position)], name: "route r",
        environment: &environment)
}

extension ChainOutcome {
    fileprivate var refusal: Refusal? {
        if case .refused(let refusal, _) = self { refusal } else { nil }
    }

    fileprivate var admitted: AdmittedUpgrade? {
        if case .admitted(let admitted) = self { admitted } else { nil }
    }
}

/// Has a reason that it does not tell.
private struct Sly: Portcullis.HandshakeMiddleware {
    static let name = "sly"

    enum Reason: String, Portcullis.RefusalReason {
        case told = "sly-told"
        case untold = "sly-untold"
        static var allCases: [Reason] { [.told] }
    }

    init(settings: Settings) {}
    func evaluate(_ handshake: inout Handshake) -> Decision<Reason> { .refuse(.untold) }
}

/// Would set what is not its own.
private struct Greedy: Portcullis.HandshakeMiddleware {
    static let name = "greedy"
    let upstreamHeaders: [String]

    init(settings: Settings) {
        upstreamHeaders = settings.strings("headers")
    }

    func evaluate(_ handshake: inout Handshake) -> Decision<NoReason> { .pass }
}

@Suite struct CustomMiddlewareTests {
    @Test("it refuses by its own reason, status and sentence")
    func refused() throws {
        let refusal = try #require(chain().admit(try context("/other")).refusal)
        #expect(refusal.reason.rawValue == "gate-closed" && refusal.status == 403 && refusal.retryAfterSeconds == nil)
        #expect(
            String(decoding: refusal.body(requestID: "r"), as: UTF8.self)
                == #"{"error":"gate-closed","message":"Closed.","request_id":"r"}"#)
        #expect(try #require(chain().admit(try context("/busy")).refusal).status == 503)
    }

    @Test(
        "when to come back, in whole seconds",
        arguments: [("1ms", 1), ("1s", 1), ("1001ms", 2), ("60s", 60)])
    func retryAfter(_ wait: String, _ seconds: Int) throws {
        #expect(chain(wait: wait).admit(try context("/busy")).refusal?.retryAfterSeconds == seconds)
    }

    @Test("what it sets goes upstream, in the place of all that the client has sent under that name")
    func edits() throws {
        let fields = [("X-Gate", "root"), ("x_gate", "root"), ("Cookie", "a=b"), ("X-Kept", "1")]
        let admitted = try #require(chain().admit(try context("/open", fields)).admitted)
        #expect(admitted.upstreamHeaders.values("X-Gate") == ["open"])
        #expect(!admitted.upstreamHeaders.contains("x_gate") && !admitted.upstreamHeaders.contains("Cookie"))
        #expect(admitted.upstreamHeaders.first("X-Kept") == "1")
        let unset = try #require(chain().admit(try context("/open?gate=no", fields)).admitted)
        #expect(!unset.upstreamHeaders.contains("X-Gate"))
    }

    @Test("H12 a value that no field may have, or a field that was not told of, lets nobody in")
    func broken() throws {
        #expect(chain().admit(try context("/broken")).refusal?.reason == .builtin(.malformedRequest))
        #expect(chain().admit(try context("/undeclared")).refusal?.reason == .builtin(.middlewareUnavailable))
    }

    @Test("in shadow mode it refuses nobody and edits nothing")
    func shadow() throws {
        let admitted = try #require(chain(.shadow).admit(try context("/busy", [("Cookie", "a=b")])).admitted)
        #expect(admitted.shadowRefusals.map { "\($0.middleware) \($0.reason.rawValue)" } == ["gate gate-busy"])
        let open = try #require(chain(.shadow).admit(try context("/open", [("Cookie", "a=b")])).admitted)
        #expect(open.upstreamHeaders.contains("Cookie") && !open.upstreamHeaders.contains("X-Gate"))
    }

    @Test("a reason that it has not told lets nobody in")
    func untold() throws {
        var environment = MiddlewareEnvironment(tokens: TokenAuthority())
        environment.extensions = Extensions(middleware: [Sly.self]).factories
        let settings = ExtensionSettings(name: "sly", value: mapping([]))
        let chain = MiddlewareChain(
            entries: [MiddlewareEntry(settings: .custom(settings), position: position)], name: "r",
            environment: &environment)
        #expect(chain.admit(try context("/")).refusal?.reason == .builtin(.middlewareUnavailable))
    }

    @Test("fields of the gateway's own are no middleware's")
    func owned() throws {
        let reader = try SettingsReader.parsing("headers: [X-Role, X-Forwarded-For]", name: "greedy").get()
        #expect(CustomMiddleware<Greedy>(reading: reader, reasons: [:]) == nil)
        #expect(
            reader.diagnostics.map(\.message) == [
                "`greedy` would set `X-Forwarded-For`, a header that belongs to the gateway"
            ])
    }
}
