import Crypto
import Glibc
import Logging
import Middleware
import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Engine

enum Fixtures {
    static let position = SourcePosition(file: "test.yaml", line: 1, column: 1)
    /// The wall clock of most tests, in seconds.
    static let noon: Int64 = 1_700_000_000

    static func rule(
        _ name: String = "r", from: MessageRule.Source = .both, _ condition: MessageCondition, _ action: MessageAction,
        _ mode: EnforcementMode = .enforce
    ) -> MessageRule {
        MessageRule(name: name, from: from, condition: condition, action: action, mode: mode, position: position)
    }

    /// `replace` of some bytes by others.
    static func replace(_ text: String, _ with: String) -> MessageAction {
        .replace(.literal(text), with: .literal(with))
    }

    /// A connection of which nothing is known.
    static func facts() throws -> ConnectionFacts {
        ConnectionFacts(
            identity: nil, clientAddress: .v4(0xc000_0201), requestID: "r-1",
            target: try RequestTarget(originForm: "/chat"))
    }

    /// A handshake for `/chat` with this query and these fields beside those that every one has.
    static func head(query: String = "", _ fields: [(String, String)] = []) throws -> RequestHead {
        let handshake = [
            ("Host", "chat.example.com"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
        ]
        return RequestHead(
            method: "GET", target: try RequestTarget(originForm: query.isEmpty ? "/chat" : "/chat?\(query)"),
            host: try #require(RequestHost("chat.example.com")),
            headers: HeaderFields((handshake + fields).map { HeaderField(name: $0.0, value: $0.1) }))
    }

    static func context(_ head: RequestHead) throws -> HandshakeContext {
        HandshakeContext(
            request: try UpgradeRequest(head), clientAddress: .v4(0xc000_0201), requestID: "r-1",
            time: HandshakeTime(unixSeconds: noon, monotonic: 0))
    }

    /// Through a chain that wants a token of ``ToyKey`` in the query.
    static func outcome(_ head: RequestHead, shadowed: [MiddlewareEntry] = []) throws -> ChainOutcome {
        let token = TokenSettings(issuers: ["local"], carriers: [.query("access_token")], audience: "chat")
        var environment = MiddlewareEnvironment(tokens: ToyKey.authority)
        let chain = MiddlewareChain(
            entries: shadowed + [MiddlewareEntry(settings: .token(token), position: position)], name: "route chat",
            environment: &environment)
        return chain.admit(try context(head))
    }

    static func admitted(_ head: RequestHead? = nil, shadowed: [MiddlewareEntry] = []) throws -> AdmittedUpgrade {
        let carried = try head ?? Fixtures.head(query: "access_token=\(try ToyKey.token())")
        guard case .admitted(let admitted) = try outcome(carried, shadowed: shadowed) else {
            throw Unexpected(what: "the chain refused")
        }
        return admitted
    }

    struct Unexpected: Error {
        let what: String
    }

    static func routePolicy(_ rules: [MessageRule] = [], rates: [RouteRate] = []) -> RoutePolicy {
        RoutePolicy(
            name: "chat", match: RouteMatch(path: .exact("/chat")), upstream: "u", rates: rates, messages: rules,
            position: position)
    }

    /// So many a second, and no more at once.
    static func rate(
        _ unit: RouteRate.Unit, _ count: Int, key: TrafficLimit.Key = .connection, from: MessageRule.Source = .client,
        then onExceed: TrafficLimit.Excess = .close, mode: EnforcementMode = .enforce
    ) -> RouteRate {
        let limit = TrafficLimit(
            rate: Rate(count: count, period: .seconds(1)), burst: count, key: key, onExceed: onExceed)
        return RouteRate(unit: unit, from: from, limit: limit, mode: mode, position: position)
    }

    static func rates(_ rates: [RouteRate]) -> TrafficRates {
        var environment = MiddlewareEnvironment(tokens: TokenAuthority())
        return TrafficRates(rates, of: "route chat", in: &environment)
    }

    static func upstream() -> UpstreamTarget {
        UpstreamTarget(UpstreamPolicy(name: "u", endpoints: [.init(host: "127.0.0.1", port: 9001)]))
    }

    static func route(_ rules: [MessageRule] = [], rates: [RouteRate] = []) -> RouteRuntime {
        var environment = MiddlewareEnvironment(tokens: TokenAuthority())
        return RouteRuntime(routePolicy(rules, rates: rates), upstream: upstream(), environment: &environment)
    }
}

/// A gateway's parts on one worker, without threads or a listening socket.
final class Host {
    let worker: Worker
    let inbox: Inbox
    let sessions: SessionHost
    private let listener: Listener
    private let folder: CertificateFolder

    init() throws {
        worker = try Worker()
        inbox = try Inbox()
        folder = try CertificateFolder(hosts: ["localhost"])
        var environment = MiddlewareEnvironment(tokens: TokenAuthority())
        let certificate = folder.certificate
        listener = try Listener(
            ListenerPolicy(
                name: "public", address: try #require(SocketAddress("127.0.0.1:0")),
                tls: TLSPolicy(certificates: [
                    .init(
                        certificate: certificate.chainFile, privateKey: certificate.keyFile,
                        position: Fixtures.position)
                ]), position: Fixtures.position), environment: &environment, resolve: { $0 })
        let null = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
        sessions = SessionHost(
            worker: worker, inbox: inbox,
            runtime: try GatewayRuntime(
                VersionedPolicy(policy: Policy(), version: "v1"), GatewayServices(tokens: TokenAuthority())),
            audit: try AuditLog(output: Descriptor(owning: null)), logger: Logger(label: "test"))
    }

    func session() throws -> Session {
        let peer = try #require(SocketAddress("192.0.2.1:5000"))
        return Session(
            host: sessions,
            accepted: AcceptedConnection(
                descriptor: -1, peer: peer, listener: listener,
                admission: try listener.admission.admit(peer.ip, monotonic: 0).get(), acceptedAt: 0))
    }
}

/// A signature scheme for tests: the message's bytes added up. It is not one.
struct ToyKey: TokenSigner, SignatureVerifier {
    let keyID = "toy"
    let algorithm = SignatureAlgorithm.edDSA

    func sign(_ message: [UInt8]) -> [UInt8] {
        let sum = message.reduce(UInt32(0)) { $0 &* 31 &+ UInt32($1) }
        return [UInt8(sum >> 24), UInt8(sum >> 16 & 255), UInt8(sum >> 8 & 255), UInt8(sum & 255)]
    }

    func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool { sign(message) == signature }

    static var authority: TokenAuthority {
        let authority = TokenAuthority()
        authority.replaceKeys([VerificationKey(id: "toy", algorithm: .edDSA, verifier: ToyKey())])
        return authority
    }

    static func token(
        subject: String = "alice", id: String = "t-1", issuedAt: Int64 = Fixtures.noon - 60,
        expiresAt: Int64 = Fixtures.noon + 60
    ) throws -> String {
        try JWS.encode(
            TokenClaims(
                subject: subject, id: id, audiences: ["chat"], issuedAt: issuedAt, expiresAt: expiresAt),
            signer: ToyKey())
    }

    static func verified(
        subject: String = "alice", id: String = "t-1", issuedAt: Int64 = Fixtures.noon - 60
    ) throws -> VerifiedToken {
        try authority.verify(
            try token(subject: subject, id: id, issuedAt: issuedAt), issuers: ["local"], audience: nil, scopes: [],
            now: Fixtures.noon)
    }
}
