/// Which handshakes go where, and what they must pass.
package struct RoutePolicy: Sendable {
    package var name: String
    package var match: RouteMatch
    /// The name of an ``UpstreamPolicy``.
    package var upstream: String
    /// In the order in which they run.
    package var middleware: [MiddlewareEntry]
    package var limits: RouteLimits
    package var timeouts: RouteTimeouts
    package var compression: CompressionPolicy
    /// In the order in which they are asked: of messages first, then of bytes.
    package var rates: [RouteRate]
    /// In the order in which they are tried.
    package var messages: [MessageRule]
    /// What a reload that changes the route means for its live connections.
    package var onPolicyChange: PolicyChange
    /// What the route says, with the token issuers that it names.
    package var form = PolicyForm.none
    package var position: SourcePosition

    package init(
        name: String, match: RouteMatch, upstream: String, middleware: [MiddlewareEntry] = [],
        limits: RouteLimits = RouteLimits(), timeouts: RouteTimeouts = RouteTimeouts(),
        compression: CompressionPolicy = .strip, rates: [RouteRate] = [],
        messages: [MessageRule] = [], onPolicyChange: PolicyChange = .recheck, position: SourcePosition
    ) {
        self.name = name
        self.match = match
        self.upstream = upstream
        self.middleware = middleware
        self.limits = limits
        self.timeouts = timeouts
        self.compression = compression
        self.rates = rates
        self.messages = messages
        self.onPolicyChange = onPolicyChange
        self.position = position
    }
}

/// What becomes of live connections when the policy by which they were admitted changes.
package enum PolicyChange: String, Sendable, CaseIterable {
    /// They go on.
    case keep
    /// They are judged again, and those end that would now be refused.
    case recheck
}

/// What a request must look like to belong to a route.
package struct RouteMatch: Sendable {
    package enum Path: Sendable, Hashable {
        /// Exactly this path.
        case exact(String)
        /// This path and everything below it: `/api` matches `/api` and `/api/x`, not `/apix`. Without a slash at its
        /// end, but for `/`, which matches everything.
        case prefix(String)
    }

    /// Lower case, `chat.example.com` or `*.example.com` (one label or more in place of the star). Empty: any host.
    package var hosts: [String]
    package var path: Path

    package init(hosts: [String] = [], path: Path) {
        self.hosts = hosts
        self.path = path
    }

    /// Whether requests for a host, in lower case and without port, may belong to the route.
    package func matches(host: String) -> Bool {
        hosts.isEmpty || hosts.contains { $0 == host || ($0.hasPrefix("*.") && host.hasSuffix($0.dropFirst())) }
    }
}

/// Bounds on the messages of one route.
package struct RouteLimits: Sendable {
    /// Payload bytes of one message, all fragments together.
    package var messageBytes = 64 * 1024
    /// Frames of one message, empty ones counted.
    package var fragments = 256
    /// Bytes queued toward a slow reader, a direction, before its peer is no longer read.
    package var bufferedBytes = 64 * 1024

    package init() {}
}

/// Deadlines of one route's connections.
package struct RouteTimeouts: Sendable {
    /// Without a data frame either way.
    package var idle = Duration.seconds(600)
    package var pingInterval = Duration.seconds(30)
    package var pongTimeout = Duration.seconds(10)
    package var lifetime = Duration.seconds(24 * 3600)
    /// From the first close frame to the end of the socket.
    package var close = Duration.seconds(5)

    package init() {}
}
