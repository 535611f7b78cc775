/// One line of a `middleware` or `admission` list.
package struct MiddlewareEntry: Sendable {
    package var settings: MiddlewareSettings
    package var mode: EnforcementMode
    package var position: SourcePosition

    package init(settings: MiddlewareSettings, mode: EnforcementMode = .enforce, position: SourcePosition) {
        self.settings = settings
        self.mode = mode
        self.position = position
    }
}

/// Whether a decision counts, or is only written down.
package enum EnforcementMode: String, Sendable, CaseIterable {
    case enforce
    /// Evaluated, logged and counted, not enforced.
    case shadow
}

/// The built-in middlewares' settings, one case each, and one for all others.
package enum MiddlewareSettings: Sendable {
    case ipFilter(IPFilterSettings)
    case connectionRate(ConnectionRateSettings)
    case connectionLimit(ConnectionLimitSettings)
    case origin(OriginSettings)
    case token(TokenSettings)
    case authorize(AuthorizeSettings)
    case headers(HeadersSettings)
    case identityAssertion(IdentityAssertionSettings)
    /// A middleware that the program brings along.
    case custom(ExtensionSettings)

    /// The name in the policy language.
    package var name: String {
        switch self {
        case .ipFilter: "ip_filter"
        case .connectionRate: "connection_rate"
        case .connectionLimit: "connection_limit"
        case .origin: "origin"
        case .token: "token"
        case .authorize: "authorize"
        case .headers: "headers"
        case .identityAssertion: "identity_assertion"
        case .custom(let settings): settings.name
        }
    }
}

/// `ip_filter`: deny wins; where `allow` is given, nothing else enters.
package struct IPFilterSettings: Sendable {
    /// nil where the policy has no `allow`.
    package var allow: CIDRSet?
    package var deny: CIDRSet

    package init(allow: CIDRSet? = nil, deny: CIDRSet = CIDRSet([])) {
        self.allow = allow
        self.deny = deny
    }
}

/// `connection_rate`: a token bucket for each client address.
package struct ConnectionRateSettings: Sendable, Hashable {
    package var rate: Rate
    /// Connections that may come at once; at least 1.
    package var burst: Int
    /// IPv6 clients that share this many leading bits share a bucket.
    package var ipv6Prefix: Int

    package init(rate: Rate, burst: Int, ipv6Prefix: Int = 64) {
        self.rate = rate
        self.burst = burst
        self.ipv6Prefix = ipv6Prefix
    }
}

/// `connection_limit`: connections alive at once, for each client address.
package struct ConnectionLimitSettings: Sendable {
    package var maximum: Int
    package var ipv6Prefix: Int

    package init(maximum: Int, ipv6Prefix: Int = 64) {
        self.maximum = maximum
        self.ipv6Prefix = ipv6Prefix
    }
}

/// `origin`: RFC 6454 origins by exact scheme, host and port.
package struct OriginSettings: Sendable {
    package struct Pattern: Sendable, Hashable, CustomStringConvertible {
        /// Lower case.
        package var scheme: String
        /// Lower case; without the star where `matchesSubdomains`.
        package var host: String
        /// Written out, also where the policy left it to the scheme's default.
        package var port: UInt16
        /// `https://*.example.com`: any number of labels before `example.com`, at least one.
        package var matchesSubdomains: Bool

        package init(scheme: String, host: String, port: UInt16, matchesSubdomains: Bool = false) {
            self.scheme = scheme
            self.host = host
            self.port = port
            self.matchesSubdomains = matchesSubdomains
        }

        package var description: String { "\(scheme)://\(matchesSubdomains ? "*." : "")\(host):\(port)" }
    }

    package var allow: [Pattern]
    /// What happens to a request without Origin, as programs send it.
    package var admitsMissing: Bool

    package init(allow: [Pattern], admitsMissing: Bool = false) {
        self.allow = allow
        self.admitsMissing = admitsMissing
    }
}

/// `headers`: edits of the request toward the upstream, and of the 101 toward the client.
package struct HeadersSettings: Sendable {
    package struct Edits: Sendable {
        /// Applied in the order remove, set, add.
        package var remove: [String]
        package var set: [(name: String, value: Template)]
        package var add: [(name: String, value: Template)]

        package init(
            remove: [String] = [], set: [(name: String, value: Template)] = [],
            add: [(name: String, value: Template)] = []
        ) {
            self.remove = remove
            self.set = set
            self.add = add
        }
    }

    package var request: Edits
    package var response: Edits

    package init(request: Edits = Edits(), response: Edits = Edits()) {
        self.request = request
        self.response = response
    }
}
