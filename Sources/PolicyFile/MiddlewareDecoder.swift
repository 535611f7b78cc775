import PolicyModel

/// How one built-in middleware's settings are read.
struct MiddlewareDecoder: Sendable {
    /// Its name in the policy language.
    let name: String
    /// What may stand in its settings.
    let mapping: PolicyMapping
    /// Whether the peer's address is all it needs, so that it can run before TLS.
    let runsBeforeTLS: Bool
    /// nil where it has said what is wrong.
    let decode: @Sendable (PolicyDecoder, Fields) -> MiddlewareSettings?

    /// Every one there is.
    static let all = [
        ipFilter,
        connectionRate,
        connectionLimit,
        origin,
        token,
        authorize,
        headers,
        identityAssertion,
    ]
}

/// A route's `middleware`, and what the rest of the route has to know about it.
struct DecodedChain {
    var entries: [MiddlewareEntry] = []
    var enforcedToken: SourcePosition?
    var enforcedAuthorize: SourcePosition?
    /// The first `token` or `authorize` that is only a shadow.
    var shadowLock: (name: String, position: SourcePosition)?
    /// An entry could not be read at all, so that nothing follows from what is missing.
    var hasUnreadableEntry = false

    var mayHaveToken: Bool { enforcedToken != nil || hasUnreadableEntry }

    /// What message rules may ask of connections that it admits.
    var connections: ConnectionKnowledge {
        ConnectionKnowledge(hasToken: mayHaveToken, hasSubject: mayTellSubject)
    }

    /// Whether connections may be of somebody whose name is known.
    var mayTellSubject: Bool {
        hasUnreadableEntry || entries.contains { $0.mode == .enforce && $0.tellsSubject } || enforcedToken != nil
    }

    /// The first that keeps anybody out who is not known.
    var lock: (name: String, position: SourcePosition)? {
        enforcedToken.map { ("token", $0) } ?? enforcedAuthorize.map { ("authorize", $0) }
    }
}

/// One line of a list, as far as it could be read.
struct DecodedEntry {
    var name: String
    /// nil where it is neither of the modes.
    var mode: EnforcementMode?
    /// nil where its settings are wrong.
    var entry: MiddlewareEntry?
    var position: SourcePosition
}

/// Which list an entry stands in.
enum MiddlewareSeat {
    case admission
    case route
}

extension PolicyDecoder {
    /// A route's `middleware`, in order.
    func chain(_ node: YAMLNode) -> DecodedChain {
        var chain = DecodedChain()
        guard let nodes = list(node, "middleware") else {
            chain.hasUnreadableEntry = true
            return chain
        }
        for node in nodes {
            tokenVariables = []
            guard let decoded = checked(node, { middleware($0, at: .route) }) else {
                chain.hasUnreadableEntry = true
                continue
            }
            if !chain.mayHaveToken {
                for use in tokenVariables {
                    refuse(
                        use.position,
                        "`${\(use.name)}` needs an enforced `token` entry before this `headers` entry, and there is none"
                    )
                }
            }
            if decoded.name == "token" { note(token: decoded, in: &chain) }
            if decoded.name == "authorize" { note(authorize: decoded, in: &chain) }
            if let entry = decoded.entry { chain.entries.append(entry) }
        }
        checkCarriers(of: chain)
        checkSubjects(of: chain)
        return chain
    }

    /// Carriers that need more than their token: a ticket a page whose origin is known, a first message a 101 that has gone
    /// out before.
    private func checkCarriers(of chain: DecodedChain) {
        let token = chain.entries.firstIndex { $0.token != nil && $0.mode == .enforce }
        if let token, let settings = chain.entries[token].token {
            let position = chain.entries[token].position
            let hasOrigin = chain.entries.contains { $0.isOrigin && $0.mode == .enforce } || chain.hasUnreadableEntry
            if settings.ticketParameter != nil, !hasOrigin {
                refuse(
                    position,
                    "tickets are given to pages, so this route needs an enforced `origin`; programs that send none pass with `missing: allow`"
                )
            }
            for entry in chain.entries[token...] where settings.firstMessage != nil && entry.editsResponse {
                refuse(
                    entry.position,
                    "with `first_message` the 101 has gone out before this entry runs: move its `response` before `token`"
                )
            }
        }
        for (index, entry) in chain.entries.enumerated() where entry.isAssertion && !chain.hasUnreadableEntry {
            if chain.entries[..<index].contains(where: { $0.mode == .enforce && $0.tellsSubject }) { continue }
            refuse(
                entry.position,
                "`identity_assertion` says who the client is, and nothing before it would tell: it needs an enforced `token`, or `authorize` with a `subject_header`"
            )
        }
        for entry in chain.entries where entry.mode == .shadow && entry.token?.firstMessage != nil {
            refuse(
                entry.position,
                "`first_message` cannot be tried in shadow: a server behind would get the message; leave it out of `from`"
            )
        }
    }

    private func note(token: DecodedEntry, in chain: inout DecodedChain) {
        if token.mode == .shadow {
            chain.shadowLock = chain.shadowLock ?? (token.name, token.position)
        } else if let first = chain.enforcedToken {
            refuse(
                token.position,
                "a second enforced `token`, after the one in line \(first.line), which takes the token out of the request; "
                    + "name all issuers in one of them")
        } else {
            chain.enforcedToken = token.position
        }
    }

    private func note(authorize: DecodedEntry, in chain: inout DecodedChain) {
        if authorize.mode == .shadow {
            chain.shadowLock = chain.shadowLock ?? (authorize.name, authorize.position)
        } else {
            chain.enforcedAuthorize = chain.enforcedAuthorize ?? authorize.position
        }
    }

    /// A connection has one subject.
    private func checkSubjects(of chain: DecodedChain) {
        let named = chain.entries.filter { $0.authorize?.subjectHeader != nil && $0.mode == .enforce }
        if let token = chain.enforcedToken {
            for entry in named {
                refuse(
                    entry.position,
                    "the subject is that of the `token` in line \(token.line); remove `subject_header` from this `authorize`"
                )
            }
        } else if let first = named.first {
            for entry in named.dropFirst() {
                refuse(
                    entry.position,
                    "a second `subject_header`, after that of the `authorize` in line \(first.position.line); remove one of them"
                )
            }
        }
    }

    /// One entry of `middleware` or `admission`; nil where it cannot even be told which one it is.
    func middleware(_ node: YAMLNode, at seat: MiddlewareSeat) -> DecodedEntry? {
        let decoders = MiddlewareDecoder.all.filter { seat == .route || $0.runsBeforeTLS }
        let extensions = seat == .route ? extensions.middleware : []
        let names = decoders.map(\.name) + extensions.map(\.name)
        if case .scalar(let text, _) = node.content, names.contains(text) {
            refuse(node.position, "`\(text)` needs settings: write `\(text): { … }`")
            return nil
        }
        if seat == .admission, refuseLateEntries(node, names) { return nil }
        if case .mapping(let entries) = node.content, entries.count > 1,
            let mode = entries.first(where: { $0.key == "mode" })
        {
            refuse(mode.keyPosition, "`mode` stands inside of the settings: `\(names[0]): { …, mode: shadow }`")
            return nil
        }
        let mapping = seat == .admission ? PolicyMapping.admissionEntry : .middlewareEntry
        guard let chosen = single(node, of: mapping, adding: extensions.map(\.name)) else { return nil }
        if let decoder = decoders.first(where: { $0.name == chosen.key }) { return settings(chosen, decoder) }
        return extensions.first { $0.name == chosen.key }.map { extensionEntry(chosen, $0) }
    }

    private func settings(_ chosen: YAMLNode.Entry, _ decoder: MiddlewareDecoder) -> DecodedEntry {
        var decoded = DecodedEntry(name: decoder.name, mode: .enforce, position: chosen.keyPosition)
        decoded.entry = checked(chosen.value) { node in
            guard let fields = fields(node, of: decoder.mapping) else { return nil }
            if fields["mode"] != nil { decoded.mode = fields.choice("mode", EnforcementMode.self) }
            guard let settings = decoder.decode(self, fields), let mode = decoded.mode else { return nil }
            return MiddlewareEntry(settings: settings, mode: mode, position: chosen.keyPosition)
        }
        return decoded
    }

    /// Whether there was something that only a route can have, which is said.
    private func refuseLateEntries(_ node: YAMLNode, _ names: [String]) -> Bool {
        guard case .mapping(let entries) = node.content else { return false }
        let all = MiddlewareDecoder.all.map(\.name) + extensions.middleware.map(\.name)
        let late = all.filter { !names.contains($0) }
        let refused = entries.filter { late.contains($0.key) }
        for entry in refused {
            refuse(
                entry.keyPosition,
                "`\(entry.key)` cannot run before TLS, where only the peer's address is known; move it to a route's `middleware`"
            )
        }
        return !refused.isEmpty
    }
}

extension MiddlewareEntry {
    fileprivate var token: TokenSettings? {
        if case .token(let settings) = settings { settings } else { nil }
    }

    fileprivate var authorize: AuthorizeSettings? {
        if case .authorize(let settings) = settings { settings } else { nil }
    }

    fileprivate var isOrigin: Bool {
        if case .origin = settings { true } else { false }
    }

    fileprivate var tellsSubject: Bool {
        switch settings {
        case .token: true
        case .authorize(let settings): settings.subjectHeader != nil
        default: false
        }
    }

    fileprivate var isAssertion: Bool {
        if case .identityAssertion = settings { true } else { false }
    }

    fileprivate var editsResponse: Bool {
        guard case .headers(let settings) = settings else { return false }
        let edits = settings.response
        return !(edits.set.isEmpty && edits.add.isEmpty && edits.remove.isEmpty)
    }
}
