import Engine
import Foundation
import Middleware
import PolicyFile
import PolicyModel
import Testing
import TokenStore
import Tokens

@testable import Portcullis

/// A folder of a test's own, gone with it.
final class TestFolder {
    let path = NSTemporaryDirectory() + "portcullis-tests-" + UUID().uuidString

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ text: String, to name: String, mode: Int = 0o600) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path + "/" + name)
    }
}

/// A policy in which everything can be refused.
private let policyText = #"""
    listeners:
      public:
        address: 127.0.0.1:0
        tls: { certificates: [{ certificate: a, private_key: b }] }
        trusted_proxies: [198.51.100.0/24]
        limits: { header_bytes: 1KiB }
      locked:
        address: 127.0.0.1:0
        tls: { certificates: [{ certificate: a, private_key: b }], client_certificates: { authority: c, mode: require } }
      strict:
        address: 127.0.0.1:0
        tls: { certificates: [{ certificate: a, private_key: b }] }
        admission: [{ ip_filter: { deny: [203.0.113.0/24] } }]
    upstreams: { u: { endpoints: ["ws://127.0.0.1:9/base"] } }
    token_issuers:
      local: { builtin: {} }
      corporate:
        jwt:
          issuer: https://id.example.com/
          audiences: [chat]
          algorithms: [RS256]
          keys: { url: "http://127.0.0.1:1/keys" }
          required_claims: [{ pointer: /plan, equals: pro }]
    routes:
      - { name: open, match: { path: /open }, upstream: u, public: true }
      - name: token
        match: { path: /token }
        upstream: u
        middleware:
          - token:
              { issuers: [local], from: [{ header: Authorization }, { query: t }], audience: chat, scopes: [read], renew: {} }
      - name: corporate
        match: { path: /corporate }
        upstream: u
        middleware: [{ token: { issuers: [corporate] } }]
      - name: old
        match: { path: /old }
        upstream: u
        middleware: [{ token: { issuers: [local], max_age: 1h, failures: { rate: 2/1m, block: 5m } } }]
      - name: page
        match: { path: /page }
        upstream: u
        middleware:
          - origin: { allow: ["https://*.example.com"] }
          - token: { issuers: [local], from: [{ header: Authorization }, { ticket: {} }] }
      - { name: net, match: { path: /net }, upstream: u, public: true, middleware: [{ ip_filter: { allow: [10.0.0.0/8] } }] }
      - name: rate
        match: { path: /rate }
        upstream: u
        public: true
        middleware: [{ connection_rate: { rate: 1/1m, burst: 2 } }]
      - { name: live, match: { path: /live }, upstream: u, public: true, middleware: [{ connection_limit: { maximum: 2 } }] }
      - name: ask
        match: { path: /ask }
        upstream: u
        middleware: [{ authorize: { url: "http://127.0.0.1:1/check" } }]
      - { name: gate, match: { path: /gate }, upstream: u, public: true, middleware: [{ gate: { path: /open } }] }
    """#

private let extensions = Extensions(middleware: [Gate.self])

private func policy() throws -> Policy {
    let source = PolicySource(name: "p.yaml", bytes: Array(policyText.utf8))
    return try PolicyLoader.decode([source], extensions: extensions.catalog).get()
}

private func rehearsal(
    state: String? = nil, fetchesKeys: Bool = false, factories: ExtensionFactories = extensions.factories
) throws -> Rehearsal {
    try Rehearsal(try policy(), stateDirectory: state, extensions: factories, fetchesKeys: fetchesKeys)
}

private func made(
    _ target: String, _ credential: MadeUpHandshake.Credential = .none, _ headers: [(String, String)] = []
) -> MadeUpHandshake {
    MadeUpHandshake(host: "chat.example.com", target: target, headers: headers.map { ($0, $1) }, credential: credential)
}

private let chat = MadeUpClaims(subject: "alice", audience: ["chat"], scopes: ["read"])

/// What the last of some handshakes is refused for, all of which live.
private func reason(_ rehearsal: Rehearsal, _ handshakes: MadeUpHandshake...) throws -> String? {
    let done = try handshakes.map { try rehearsal.handshake($0) }
    guard case .refused(let refusal)? = done.last?.decision else { return nil }
    return refusal.reason
}

/// How each reason comes about in a rehearsal.
private let shown: [PolicyModel.RefusalReason: @Sendable () throws -> String?] = [
    .malformedRequest: { try reason(rehearsal(), made("/open/../open")) },
    .malformedUpgrade: { try reason(rehearsal(), made("/open", .none, [("Sec-WebSocket-Key", "short")])) },
    .upgradeRequired: { try reason(rehearsal(), made("/open", .none, [("Upgrade", "")])) },
    .versionUnsupported: { try reason(rehearsal(), made("/open", .none, [("Sec-WebSocket-Version", "8")])) },
    .headersTooLarge: { try reason(rehearsal(), made("/open", .none, [("X", String(repeating: "x", count: 1024))])) },
    .routeNotFound: { try reason(rehearsal(), made("/nowhere")) },
    .clientCertificateMissing: {
        var handshake = made("/open")
        handshake.listener = "locked"
        return try reason(rehearsal(), handshake)
    },
    .ipDenied: {
        var handshake = made("/open")
        handshake.listener = "strict"
        handshake.peer = .v4(0xcb00_7107)
        return try reason(rehearsal(), handshake)
    },
    .ipNotAllowed: { try reason(rehearsal(), made("/net")) },
    .originMissing: { try reason(rehearsal(), made("/page")) },
    .originDenied: { try reason(rehearsal(), made("/page", .none, [("Origin", "https://example.com")])) },
    .connectionRateExceeded: { try reason(rehearsal(), made("/rate"), made("/rate"), made("/rate")) },
    .connectionLimitExceeded: { try reason(rehearsal(), made("/live"), made("/live"), made("/live")) },
    .tokenMissing: { try reason(rehearsal(), made("/token")) },
    .tokenMalformed: { try reason(rehearsal(), made("/token", .token("x"))) },
    .tokenSignatureInvalid: {
        let rehearsal = try rehearsal()
        let parts = try rehearsal.token(chat).split(separator: ".")
        return try reason(rehearsal, made("/token", .token("\(parts[0]).\(parts[1]).AAAA")))
    },
    .tokenUnknownKey: { try reason(rehearsal(), made("/token", .token(try rehearsal().token(chat)))) },
    .tokenIssuerUnknown: { try reason(rehearsal(), made("/corporate", .claims(chat))) },
    .tokenExpired: { try reason(rehearsal(), made("/token", .claims(MadeUpClaims(expiresIn: -1)))) },
    .tokenNotYetValid: { try reason(rehearsal(), made("/token", .claims(MadeUpClaims(notBefore: 4_000_000_000)))) },
    .tokenRevoked: {
        let folder = try TestFolder()
        let store = try TokenStore(stateDirectory: folder.path)
        let now = Int64(Date().timeIntervalSince1970)
        try store.revokeForeign(subject: "alice", keepUntil: now + 1000, now: now)
        return try reason(rehearsal(state: folder.path), made("/token", .claims(chat)))
    },
    .tokenAudienceMismatch: { try reason(rehearsal(), made("/token", .claims(MadeUpClaims(audience: ["news"])))) },
    .tokenScopeMissing: { try reason(rehearsal(), made("/token", .claims(MadeUpClaims(audience: ["chat"])))) },
    .tokenClaimMismatch: {
        let claims = MadeUpClaims(issuer: "corporate", audience: ["chat"], other: ["plan": .string("free")])
        return try reason(rehearsal(), made("/corporate", .claims(claims)))
    },
    .tokenAmbiguous: { try reason(rehearsal(), made("/token?t=other", .claims(chat))) },
    .tokenTooOld: { try reason(rehearsal(), made("/old", .claims(MadeUpClaims(issuedAt: 1_700_000_000)))) },
    .tokenAddressMismatch: {
        let claims = MadeUpClaims(
            audience: ["chat"], scopes: ["read"], other: ["from_address": .array([.string("10.0.0.0/8")])])
        return try reason(rehearsal(), made("/token", .claims(claims)))
    },
    .tokenExhausted: {
        let claims = MadeUpClaims(audience: ["chat"], scopes: ["read"], id: "one", uses: 1)
        return try reason(rehearsal(), made("/token", .claims(claims)), made("/token", .claims(claims)))
    },
    .tokenFailuresExceeded: {
        let bad = made("/old", .token("x"))
        return try reason(rehearsal(), bad, bad, bad, made("/old", .claims(chat)))
    },
    .tokenStoreUnavailable: {
        let folder = try TestFolder()
        try folder.write("no store", to: "tokens.sqlite")
        return try reason(rehearsal(state: folder.path), made("/token", .claims(chat)))
    },
    .tokenKeysUnavailable: {
        let elsewhere = try rehearsal().token(MadeUpClaims(issuer: "corporate", audience: ["chat"]))
        return try reason(rehearsal(fetchesKeys: true), made("/corporate", .token(elsewhere)))
    },
    .tokenSubjectMismatch: {
        let rehearsal = try rehearsal()
        let connection = try #require(rehearsal.handshake(made("/token", .claims(chat))).connection)
        let other = try rehearsal.token(MadeUpClaims(subject: "bob", audience: ["chat"], scopes: ["read"]))
        let message = MadeUpMessage(#"{"portcullis":{"token":"\#(other)"}}"#)
        guard case .closed(1008, let reason, nil) = rehearsal.message(message, on: connection).verdict else {
            return nil
        }
        return reason
    },
    .ticketUsed: {
        let rehearsal = try rehearsal()
        let ticket = try ticket(rehearsal)
        return try reason(rehearsal, page(ticket), page(ticket))
    },
    .ticketExpired: {
        let rehearsal = try rehearsal()
        var late = page(try ticket(rehearsal))
        late.monotonic = 31_000_000_000
        return try reason(rehearsal, late)
    },
    .ticketUnknown: { try reason(rehearsal(), page("unknown")) },
    .ticketLimitExceeded: {
        let rehearsal = try rehearsal()
        let token = MadeUpHandshake.Credential.token(try rehearsal.token(chat))
        for _ in 0..<64 { _ = try rehearsal.handshake(ticketRequest(token)) }
        return try reason(rehearsal, ticketRequest(token))
    },
    .authorizationRequired: { try reason(rehearsal(), asking(401)) },
    .authorizationDenied: { try reason(rehearsal(), asking(403)) },
    .authorizationUnavailable: { try reason(rehearsal(), asking(nil)) },
    .middlewareUnavailable: { try reason(rehearsal(factories: ExtensionFactories()), made("/gate")) },
]

/// Reasons that no policy gives, and why a rehearsal has none of them.
private let outside: [PolicyModel.RefusalReason: String] = [
    .malformedProxyHeader: "a rehearsal begins behind what a load balancer says",
    .clientCertificateInvalid: "TLS refuses the certificate; a rehearsal begins behind that",
    .requestTimeout: "the client is too slow",
    .upstreamUnreachable: "no upstream is dialled",
    .upstreamRefused: "no upstream is dialled",
    .upstreamInvalidResponse: "no upstream is dialled",
    .upstreamTimeout: "no upstream is dialled",
    .capacityExceeded: "a matter of the whole gateway's connections and memory",
    .draining: "a matter of the whole gateway's end",
]

private let pageOrigin = ("Origin", "https://app.example.com")

private func page(_ ticket: String) -> MadeUpHandshake { made("/page?ticket=\(ticket)", .none, [pageOrigin]) }

private func ticketRequest(_ credential: MadeUpHandshake.Credential) -> MadeUpHandshake {
    var handshake = made("/.portcullis/ticket", credential, [pageOrigin, ("Upgrade", "")])
    handshake.method = "POST"
    return handshake
}

private func ticket(_ rehearsal: Rehearsal) throws -> String {
    let handshake = try rehearsal.handshake(ticketRequest(.claims(chat)))
    guard case .answered(let answer) = handshake.decision, answer.status == 200,
        case .object(let members)? = JSON.decode(Array(answer.body.utf8)), case .string(let ticket)? = members["ticket"]
    else { return "" }
    return ticket
}

private func asking(_ status: Int?) -> MadeUpHandshake {
    var handshake = made("/ask")
    handshake.authorization = [MadeUpAuthorization(status: status)]
    return handshake
}

@Suite struct RehearsedReasonsTests {
    @Test(
        "each reason comes about, or is known to be none of a policy's", arguments: PolicyModel.RefusalReason.allCases)
    func everyReason(_ reason: PolicyModel.RefusalReason) throws {
        if let why = outside[reason] {
            #expect(shown[reason] == nil && !why.isEmpty)
        } else {
            let show = try #require(shown[reason])
            let found = try show()
            #expect(found == reason.rawValue)
        }
    }

    @Test("a middleware's own reason")
    func custom() throws {
        #expect(try reason(rehearsal(), made("/gate")) == "gate-closed")
    }

    @Test(
        "what was not made up leaves it open",
        arguments: [
            ("/ask", MadeUpHandshake.Credential.none, "authorization"),
            ("/corporate", .token("CORPORATE"), "issuer-keys"),
        ])
    func undecided(_ target: String, _ credential: MadeUpHandshake.Credential, _ name: String) throws {
        var credential = credential
        if case .token = credential {
            let claims = MadeUpClaims(issuer: "corporate", audience: ["chat"], other: ["plan": .string("pro")])
            credential = .token(try rehearsal().token(claims))
        }
        let handshake = try rehearsal().handshake(made(target, credential))
        guard case .undecided(let wait) = handshake.decision else {
            Issue.record("\(handshake.decision)")
            return
        }
        #expect(wait.name == name)
        #expect(handshake.steps.last?.decision == .waits(wait) && handshake.connection == nil)
    }
}
