import PolicyModel
import Testing

@testable import PolicyFile

/// One case of a table: policy text above a dashed line, and below it either the diagnostics or a summary of the value.
struct PolicyCase: Sendable, CustomTestStringConvertible {
    let name: String
    let frame: Frame
    let input: String
    let expected: String

    var testDescription: String { name }

    /// What stands around the text of a case, so that a case is no longer than what it is about. Lines and columns are
    /// counted in the case itself. Sections that neither case nor frame has come from a policy that is right.
    struct Frame: Sendable {
        let before: [String]
        let indentation: Int
        /// What of the policy is shown where there are no diagnostics.
        let summary: @Sendable (Policy) -> [String]
        /// Whether warnings are a part of what is expected. Most cases are about the settings of one thing, beside which much of
        /// what a policy has goes unused.
        var showsWarnings = false

        /// The same with warnings.
        var withWarnings: Self {
            var frame = self
            frame.showsWarnings = true
            return frame
        }

        init(before: [String], indentation: Int, summary: @escaping @Sendable (Policy) -> [String]) {
            self.before = before
            self.indentation = indentation
            self.summary = summary
        }
    }

    /// Cases apart by lines `== NAME`.
    static func table(_ frame: Frame, _ text: String) -> [PolicyCase] {
        var cases: [PolicyCase] = []
        var name: String?
        var lines: [Substring] = []
        func finish() {
            guard let name, let dashes = lines.firstIndex(of: "----") else { return }
            cases.append(
                PolicyCase(
                    name: name, frame: frame, input: lines[..<dashes].joined(separator: "\n"),
                    expected: lines[(dashes + 1)...].joined(separator: "\n")))
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("== ") {
                finish()
                name = String(line.dropFirst(3))
                lines = []
            } else {
                lines.append(line)
            }
        }
        finish()
        return cases
    }

    func check() {
        let actual = outcome
        #expect(actual == expected)
    }

    private var outcome: String {
        let indent = String(repeating: " ", count: frame.indentation)
        let lines = frame.before + input.split(separator: "\n", omittingEmptySubsequences: false).map { indent + $0 }
        let main = PolicySource(name: "p", bytes: Array(lines.joined(separator: "\n").utf8))
        let rest = ["listeners", "upstreams", "token_issuers", "routes"].filter { section in
            !lines.contains { $0.hasPrefix(section + ":") }
        }
        let base = PolicySource(
            name: "z", bytes: Array(rest.map { Self.sections[$0] ?? "" }.joined(separator: "\n").utf8))
        let loaded = PolicyLoader.decode([main, base])
        #expect((loaded.policy == nil) == loaded.diagnostics.contains { $0.severity == .error })
        // What stands around the case is not what it is about.
        let warnings = loaded.diagnostics.filter { $0.position.file == "p" || $0.severity == .error }
        let shown = (frame.showsWarnings ? warnings : warnings.filter { $0.severity == .error }).map(place)
        return (shown + (loaded.policy.map(frame.summary) ?? [])).joined(separator: "\n")
    }

    private func place(_ diagnostic: Diagnostic) -> String {
        guard diagnostic.position.file == "p" else { return diagnostic.description }
        let line = diagnostic.position.line - frame.before.count
        let column = diagnostic.position.column - frame.indentation
        return "\(line):\(column): \(diagnostic.severity.rawValue): \(diagnostic.message)"
    }

    private static let sections = [
        "listeners": """
        listeners:
          public:
            address: 127.0.0.1:8443
            tls: { certificates: [{ certificate: a.pem, private_key: a.key }] }
        """,
        "upstreams": """
        upstreams:
          echo: { endpoints: ["ws://127.0.0.1:9001"] }
        """,
        "token_issuers": """
        token_issuers:
          local: { builtin: {} }
        """,
        "routes": """
        routes:
          - { name: echo, match: { path: / }, upstream: echo, public: true }
        """,
    ]
}

extension PolicyCase.Frame {
    /// A whole file.
    static let file = Self(before: [], indentation: 0) { policy in
        policy.listeners.map { "listener \($0.name)" } + policy.upstreams.map { "upstream \($0.name)" }
            + policy.tokenIssuers.map { "issuer \($0.name)" } + policy.routes.map { "route \($0.name)" }
    }

    /// The `limits` of the whole process.
    static let gatewayLimits = Self(before: ["limits:"], indentation: 2) {
        ["\($0.limits.connections.map(String.init) ?? "-") \($0.limits.memory.map(String.init) ?? "-")"]
    }

    /// `admin`.
    static let admin = Self(before: ["admin:"], indentation: 2) { policy in
        policy.admin.map { ["\($0.address) \($0.tokenFile)"] } ?? []
    }

    /// The settings of a listener.
    static let listener = Self(before: ["listeners:", "  front:"], indentation: 4) { $0.listeners.flatMap(describe) }

    /// A listener's `admission`.
    static let admission = Self(
        before: [
            "listeners:", "  front:", "    address: 127.0.0.1:8443",
            "    tls: { certificates: [{ certificate: a, private_key: b }] }", "    admission:",
        ], indentation: 4
    ) { $0.listeners.flatMap(\.admission).map(describe) }

    /// `upstreams`, their entries.
    static let upstreams = Self(
        before: [
            "routes: [{ name: r, match: { path: / }, upstream: u, public: true }]", "upstreams:",
        ], indentation: 2
    ) { $0.upstreams.map(describe) }

    /// `routes`, of which nothing is shown.
    static let routes = Self(before: ["routes:"], indentation: 0) { _ in [] }

    /// The keys of a route but for its name.
    static let route = Self(before: ["routes:", "- name: r"], indentation: 2) { $0.routes.flatMap(describe) }

    /// The `compression` of a public route, and what may stand in its way.
    static let compression = Self(
        before: ["routes:", "- name: r", "  upstream: echo", "  match: { path: / }"], indentation: 2
    ) { $0.routes.map { describe($0.compression) } }

    /// A route's `match`.
    static let match = Self(
        before: ["routes:", "- name: r", "  upstream: echo", "  public: true", "  match:"], indentation: 4
    ) { $0.routes.map { "\($0.match.hosts) \($0.match.path)" } }

    /// The `middleware` of a public route.
    static let middleware = Self(
        before: [
            "routes:", "- name: r", "  upstream: echo", "  match: { path: / }", "  public: true", "  middleware:",
        ], indentation: 2
    ) { $0.routes.flatMap(\.middleware).map(describe) }

    /// The `middleware` of a route that must have a token.
    static let door = Self(
        before: ["routes:", "- name: r", "  upstream: echo", "  match: { path: / }", "  middleware:"], indentation: 2
    ) { $0.routes.flatMap(\.middleware).map(describe) }

    /// The `messages` of a route with a token.
    static let messages = Self(
        before: [
            "routes:", "- name: r", "  upstream: echo", "  match: { path: / }",
            "  middleware: [{ token: { issuers: [local] } }]", "  messages:",
        ], indentation: 2
    ) { $0.routes.flatMap(\.messages).map(describe) }
}

extension PolicyCase.Frame {
    /// The rates of a route with a token.
    static let rates = Self(
        before: [
            "routes:", "- name: r", "  upstream: echo", "  match: { path: / }",
            "  middleware: [{ token: { issuers: [local] } }]",
        ], indentation: 2
    ) { $0.routes.flatMap(\.rates).map(describe) }

    /// The keys of a public route, of which the rates are shown.
    static let publicRates = Self(
        before: ["routes:", "- name: r", "  upstream: echo", "  match: { path: / }"], indentation: 2
    ) { $0.routes.flatMap(\.rates).map(describe) }
}

private func describe(_ listener: ListenerPolicy) -> [String] {
    let limits = listener.limits
    let demand = listener.tls.clientCertificates.map { ", \($0.mode) of \($0.authority)" } ?? ""
    return [
        "\(listener.name) \(listener.address) TLS \(listener.tls.minimumVersion.rawValue)",
        "certificates \(listener.tls.certificates.map { "\($0.certificate)+\($0.privateKey)" })\(demand)",
        "proxies \(listener.trustedProxies.isEmpty ? "none" : "some"), "
            + "\(listener.proxyProtocol.isEmpty ? "" : "balancers some, ")admission \(listener.admission.count)",
        "limits \(limits.connections) \(limits.headerBytes) \(limits.handshakeTimeout) \(limits.drainWindow)",
    ]
}

private func describe(_ upstream: UpstreamPolicy) -> String {
    "\(upstream.name) \(upstream.endpoints) \(upstream.connectTimeout) \(upstream.handshakeTimeout)"
}

private func describe(_ route: RoutePolicy) -> [String] {
    let (limits, timeouts) = (route.limits, route.timeouts)
    return [
        "\(route.name) \(route.match.hosts) \(route.match.path) -> \(route.upstream)",
        "middleware \(route.middleware.map(\.settings.name)), messages \(route.messages.map(\.name))"
            + (route.onPolicyChange == .keep ? ", kept" : ""),
        "limits \(limits.messageBytes) \(limits.fragments) \(limits.bufferedBytes)",
        "timeouts \(timeouts.idle) \(timeouts.pingInterval) \(timeouts.pongTimeout) \(timeouts.lifetime) \(timeouts.close)",
    ]
}

private func describe(_ rate: RouteRate) -> String {
    let limit = rate.limit
    let key = limit.key == .address ? "\(limit.key) /\(limit.ipv6Prefix)" : "\(limit.key)"
    return "\(rate.name) of \(rate.from) \(limit.rate.count)/\(limit.rate.period) burst \(limit.burst) by \(key)"
        + " then \(limit.onExceed)\(rate.mode == .shadow ? " in shadow" : "")"
}

private func describe(_ compression: CompressionPolicy) -> String {
    switch compression {
    case .strip: "strip"
    case .passthrough: "passthrough"
    case .inspect(let it):
        "inspect \(it.contextTakeover ? "keeping" : "dropping") \(it.windowBits) level \(it.level) from \(it.minimumBytes)"
    }
}

private func describe(_ entry: MiddlewareEntry) -> String {
    let settings =
        switch entry.settings {
        case .ipFilter(let it):
            "allow \(it.allow == nil ? "absent" : "given"), deny \(it.deny.isEmpty ? "none" : "some")"
        case .connectionRate(let it): "\(it.rate.count)/\(it.rate.period) burst \(it.burst) /\(it.ipv6Prefix)"
        case .connectionLimit(let it): "\(it.maximum) /\(it.ipv6Prefix)"
        case .origin(let it): "\(it.allow) missing \(it.admitsMissing ? "admitted" : "denied")"
        case .token(let it):
            describe(it)
        case .identityAssertion(let it): "\(it.header) for \(it.audience), \(it.lifetime)"
        case .authorize(let it): describe(it)
        case .custom(let it): "\(it.value.content)"
        case .headers(let it): "request \(describe(it.request)) response \(describe(it.response))"
        }
    return "\(entry.settings.name) \(settings)\(entry.mode == .shadow ? " in shadow" : "")"
}

private func describe(_ authorize: AuthorizeSettings) -> String {
    var text =
        "\(authorize.url) within \(authorize.timeout) shows \(authorize.copiedRequestHeaders) takes \(authorize.copiedResponseHeaders)"
    if let subject = authorize.subjectHeader { text += " subject \(subject)" }
    if let cache = authorize.cache { text += " cache \(cache.lifetime) by \(cache.key)" }
    if let authority = authorize.authority { text += " ca \(authority)" }
    return text
}

private func describe(_ token: TokenSettings) -> String {
    var text =
        "\(token.issuers) from \(token.carriers) audience \(token.audience ?? "any") scopes \(token.scopes)"
    if token.expiryGrace != .zero { text += " grace \(token.expiryGrace)" }
    if let age = token.maximumAge { text += " age \(age)" }
    if let ticket = token.ticketParameter { text += " ticket \(ticket)" }
    if let it = token.firstMessage { text += " first message \(it.pointer) within \(it.timeout)" }
    if let pointer = token.renewalPointer { text += " renewed at \(pointer)" }
    if let it = token.failures {
        text += " failures \(it.rate.count)/\(it.rate.period) block \(it.block) /\(it.ipv6Prefix)"
    }
    return text
}

private func describe(_ edits: HeadersSettings.Edits) -> String {
    let pairs = { (values: [(name: String, value: Template)]) in
        values.map { "\($0.name)=\($0.value.expanded { "<\($0)>" })" }
    }
    return "set \(pairs(edits.set)) add \(pairs(edits.add)) remove \(edits.remove)"
}
