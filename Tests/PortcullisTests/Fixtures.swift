import Middleware
import PolicyModel
import Portcullis
import Testing
import Tokens
import WebSocketProtocol

let position = SourcePosition(file: "test.yaml", line: 1, column: 1)

/// Refuses all paths but one, and tells the server behind about who comes.
struct Gate: Portcullis.HandshakeMiddleware {
    static let name = "gate"

    enum Reason: String, Portcullis.RefusalReason {
        case closed = "gate-closed"
        case busy = "gate-busy"

        var status: Int { self == .busy ? 503 : 403 }
        var message: String { self == .busy ? "Come back later." : "Closed." }
    }

    private let path: String
    private let wait: Duration

    init(settings: Settings) throws(SettingsError) {
        path = settings.string("path")
        wait = settings.duration("wait", in: .milliseconds(1) ... .seconds(60), default: .seconds(5))
        guard path.hasPrefix("/") else { throw settings.problem("path", "must begin with a slash") }
    }

    var upstreamHeaders: [String] { ["X-Gate"] }

    func evaluate(_ handshake: inout Handshake) -> Decision<Reason> {
        switch handshake.path {
        case path: break
        case "/busy": return .refuse(.busy, retryAfter: wait)
        case "/undeclared": handshake.setUpstreamHeader("X-Other", to: "1")
        case "/broken": handshake.setUpstreamHeader("x-gate", to: "a\r\nb")
        default: return .refuse(.closed)
        }
        if handshake.query(named: "gate").isEmpty { handshake.setUpstreamHeader("X-Gate", to: "open") }
        handshake.removeUpstreamHeader("Cookie")
        return .pass
    }
}

/// Does what its settings say with every message.
struct Stamp: Portcullis.MessageFilter {
    static let name = "stamp"
    private let decision: MessageDecision

    enum Kind: String, CaseIterable {
        case pass
        case drop
        case close
        case upper
        case broken
    }

    init(settings: Settings) throws(SettingsError) {
        let code = settings.integer("code", in: 0...65535, default: 1008)
        let reason = settings.string("reason", default: "stamped")
        switch try settings.choice("do", Kind.self) {
        case .pass: decision = .pass
        case .drop: decision = .drop
        case .close: decision = .close(code: UInt16(truncatingIfNeeded: code), reason: reason)
        case .upper: decision = .replace([])
        case .broken: decision = .replace([0xff])
        }
    }

    func inspect(_ payload: Span<UInt8>, of message: Message) -> MessageDecision {
        guard decision == .replace([]) else { return decision }
        return .replace(Array((message.text(payload) ?? "binary").uppercased().utf8))
    }
}

/// A value in YAML's flow style as a policy's file would have it.
func mapping(_ entries: [(String, String)]) -> SettingsValue {
    let values = entries.map { key, text in
        SettingsValue.Entry(
            key: key, keyPosition: position,
            value: SettingsValue(content: .scalar(text, isPlain: true), position: position))
    }
    return SettingsValue(content: .mapping(values), position: position)
}

/// A handshake with these fields beside those that every one has.
func context(_ target: String, _ fields: [(String, String)] = []) throws -> HandshakeContext {
    let own = [
        ("Host", "chat.example.com"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
    ]
    let head = RequestHead(
        method: "GET", target: try RequestTarget(originForm: target),
        host: try #require(RequestHost("chat.example.com")),
        headers: HeaderFields((own + fields).map { HeaderField(name: $0.0, value: $0.1) }))
    return HandshakeContext(
        request: try UpgradeRequest(head), clientAddress: try #require(IPAddress("192.0.2.1")),
        clientCertificate: "CN=alice", requestID: "r-1", time: HandshakeTime(unixSeconds: 1_700_000_000, monotonic: 7))
}
