/// Everything that operators decide, decoded and checked: the value that a gateway runs.
package struct Policy: Sendable {
    package var listeners: [ListenerPolicy]
    package var upstreams: [UpstreamPolicy]
    package var tokenIssuers: [TokenIssuerPolicy]
    /// In file order: the first route that matches wins.
    package var routes: [RoutePolicy]
    package var limits: GatewayLimits
    /// nil: operators are answered on the socket in the state folder alone.
    package var admin: AdminPolicy?

    package init(
        listeners: [ListenerPolicy] = [], upstreams: [UpstreamPolicy] = [],
        tokenIssuers: [TokenIssuerPolicy] = [], routes: [RoutePolicy] = [], limits: GatewayLimits = GatewayLimits(),
        admin: AdminPolicy? = nil
    ) {
        self.listeners = listeners
        self.upstreams = upstreams
        self.tokenIssuers = tokenIssuers
        self.routes = routes
        self.limits = limits
        self.admin = admin
    }
}

/// Bounds of the whole process.
package struct GatewayLimits: Sendable, Hashable {
    /// Connections alive at once, all listeners together; one more is closed before TLS. nil: each listener's own bound
    /// is enough.
    package var connections: Int?
    /// Bytes of resident memory from which on new connections are refused and idle ones closed. nil: three quarters of
    /// what the machine, or the control group, has.
    package var memory: Int?

    package init(connections: Int? = nil, memory: Int? = nil) {
        self.connections = connections
        self.memory = memory
    }
}

/// A place in a policy file, as diagnostics and `explain` print it.
package struct SourcePosition: Sendable, Hashable, CustomStringConvertible {
    package var file: String
    /// Counted from 1.
    package var line: Int
    /// Counted from 1, in characters.
    package var column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `FILE:LINE:COLUMN`, without any character of the file's name that could steer a terminal.
    package var description: String { "\(file.terminalSafe):\(line):\(column)" }
}
