import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Middleware

let position = SourcePosition(file: "test.yaml", line: 1, column: 1)

/// The clock of most tests.
let noon: Int64 = 1_700_000_000

/// A handshake with these fields beside those that every one has.
func context(
    _ target: String = "/chat", _ fields: [(String, String)] = [], from address: String = "192.0.2.1",
    certificate: String? = nil, monotonic: Int64 = 0
) throws -> HandshakeContext {
    let handshake = [
        ("Host", "chat.example.com"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
    ]
    let head = RequestHead(
        method: "GET", target: try RequestTarget(originForm: target),
        host: try #require(RequestHost("chat.example.com")),
        headers: HeaderFields((handshake + fields).map { HeaderField(name: $0.0, value: $0.1) }))
    return HandshakeContext(
        request: try UpgradeRequest(head), clientAddress: try #require(IPAddress(address)),
        clientCertificate: certificate, requestID: "r-1",
        time: HandshakeTime(unixSeconds: noon, monotonic: monotonic))
}

/// A connection for which messages come.
func facts(
    _ identity: VerifiedToken? = nil, _ target: String = "/chat", subject: String? = nil
) throws -> ConnectionFacts {
    ConnectionFacts(
        identity: identity, authorizedSubject: subject, clientAddress: try #require(IPAddress("192.0.2.1")),
        clientCertificate: "CN=alice", requestID: "r-1", target: try RequestTarget(originForm: target))
}

/// What rules have made of a message.
struct Judged: Equatable {
    var verdict: MessageVerdict
    /// What goes on, or back, where that is not the message as it came.
    var output: String?
    /// Places of the rules that acted; negative, one's complement, in shadow mode.
    var hits: [Int]
    var pointer: String?
}

/// Puts a message through rules of a client's.
func judge(
    _ rules: [MessageRule], _ text: String, _ opcode: Opcode = .text, from sender: MessageSender = .client,
    on connection: ConnectionFacts? = nil, maximumBytes: Int = .max
) throws -> Judged {
    var scratch = FilterScratch()
    var plan = MessagePlan(
        MessageRules(rules), from: sender, of: try connection ?? facts(), maximumBytes: maximumBytes)
    let bytes = Array(text.utf8)
    // What is not read passes unread.
    guard plan.reads(opcode, size: bytes.count) else { return Judged(verdict: .pass, hits: []) }
    let verdict = plan.evaluate(opcode: opcode, payload: bytes.span, now: 0, using: &scratch)
    let isOutput = verdict == .edited || verdict == .reply
    return Judged(
        verdict: verdict, output: isOutput ? String(decoding: scratch.output, as: UTF8.self) : nil,
        hits: scratch.hits.map { $0.isShadow ? ~$0.rule : $0.rule }, pointer: scratch.hits.compactMap(\.pointer).last)
}

/// A rule for messages of clients, unless it is told otherwise.
func rule(
    _ condition: MessageCondition, _ action: MessageAction, _ mode: EnforcementMode = .enforce,
    named name: String = "r",
    from: MessageRule.Source = .client
) -> MessageRule {
    MessageRule(name: name, from: from, condition: condition, action: action, mode: mode, position: position)
}

/// A chain of these settings, all enforced.
func chain(_ settings: MiddlewareSettings..., tokens: TokenAuthority = TokenAuthority()) -> MiddlewareChain {
    var environment = MiddlewareEnvironment(tokens: tokens)
    return MiddlewareChain(
        entries: settings.map { MiddlewareEntry(settings: $0, position: position) }, name: "route chat",
        environment: &environment)
}

extension MiddlewareChain {
    /// With the builtin issuer alone.
    init(_ steps: [Step], tokens: TokenAuthority) {
        self.init(steps, tokens: TokenIssuers(tokens))
    }
}

extension ChainOutcome {
    var reason: RefusalReason? {
        if case .refused(let refusal, _) = self { refusal.reason.builtin } else { nil }
    }

    var admitted: AdmittedUpgrade? {
        if case .admitted(let upgrade) = self { upgrade } else { nil }
    }

    var refused: (Refusal, HandshakeContext)? {
        if case .refused(let refusal, let context) = self { (refusal, context) } else { nil }
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
        subject: String = "alice", id: String = "t-1", audience: String = "chat", scopes: [String] = ["chat.read"],
        notBefore: Int64? = nil, expiresAt: Int64 = noon + 60, issuer: String = TokenClaims.builtinIssuer,
        other: [String: ClaimValue] = [:]
    ) throws -> String {
        try JWS.encode(
            TokenClaims(
                issuer: issuer, subject: subject, id: id, audiences: [audience], scopes: scopes, issuedAt: noon - 60,
                notBefore: notBefore, expiresAt: expiresAt, other: other), signer: ToyKey())
    }

    static func verified(scopes: [String]) throws -> VerifiedToken {
        try authority.verify(
            try token(scopes: scopes), issuers: ["local"], audience: nil, scopes: [], now: noon)
    }
}
