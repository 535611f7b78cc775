import PolicyModel

extension PolicyDecoder {
    /// One entry of `routes`.
    func route(_ node: YAMLNode) -> RoutePolicy? {
        guard let fields = fields(node, of: .route, later: ["refuse", "close_codes"]) else { return nil }
        let name = fields.required("name") { node -> String? in
            guard let name = string(node, "name"), checkName(name, node.position, of: "a route") else { return nil }
            define(name, in: .routes, at: node.position)
            return name
        }
        let errorsBefore = errorCount
        let match = fields.required("match", example: "{ path: /chat }", routeMatch)
        if let name, let match, errorCount == errorsBefore {
            reaches.append(RouteReach(name: name, match: match, node: fields["match"], position: node.position))
        }
        let upstream = fields.required("upstream") { node -> String? in
            guard let upstream = text(node, "upstream") else { return nil }
            refer(to: upstream, in: .upstreams, at: node.position)
            return upstream
        }
        let isPublic = fields.boolean("public") ?? false
        let onPolicyChange = fields.choice("on_policy_change", PolicyChange.self) ?? .recheck
        let chain = fields["middleware"].map(chain) ?? DecodedChain()
        checkDoor(fields, name: name, isPublic: isPublic, chain)
        let compression = fields.decoded("compression", compression)
        let limits = fields.decoded("limits", routeLimits) ?? RouteLimits()
        let timeouts = fields.decoded("timeouts", routeTimeouts) ?? RouteTimeouts()
        let rates = routeRates(fields, beside: chain)
        checkPassthrough(compression, fields, chain, rates)
        let messages = fields["messages"].map { messageRules($0, beside: chain) } ?? []
        guard let name, let match, let upstream else { return nil }
        forms.note(route: name, node)
        return RoutePolicy(
            name: name, match: match, upstream: upstream, middleware: chain.entries, limits: limits,
            timeouts: timeouts, compression: compression ?? .strip, rates: rates, messages: messages,
            onPolicyChange: onPolicyChange, position: node.position)
    }

    /// Nobody opens a door by forgetting a line, and nobody says that a locked one is open.
    private func checkDoor(_ fields: Fields, name: String?, isPublic: Bool, _ chain: DecodedChain) {
        let route = name.map { "route \(quoted($0))" } ?? "this route"
        if fields.isMisspelt("public") || fields.isMisspelt("middleware") { return }
        // A `public` of another type has been refused already.
        if let node = fields["public"], node.scalarKind != .boolean(true), node.scalarKind != .boolean(false) { return }
        if isPublic, let lock = chain.lock {
            refuse(
                fields.keyPosition("public"),
                "\(route) says `public: true` but has an enforced `\(lock.name)` in line \(lock.position.line); remove one of the two"
            )
        } else if !isPublic, chain.lock == nil, !chain.hasUnreadableEntry {
            let door =
                chain.shadowLock.map { "the `\($0.name)` in line \($0.position.line) is only a shadow" }
                ?? "it has neither `token` nor `authorize`"
            refuse(
                fields.position,
                "\(route) would be open to everyone: \(door); add an enforced one to its `middleware`, or say `public: true`"
            )
        }
    }

    private func routeLimits(_ node: YAMLNode) -> RouteLimits? {
        guard let fields = fields(node, of: .routeLimits) else { return nil }
        var limits = RouteLimits()
        limits.messageBytes = fields.size("message_bytes", in: 1...1 << 30) ?? limits.messageBytes
        limits.fragments = fields.integer("fragments", in: 1...1_000_000) ?? limits.fragments
        limits.bufferedBytes = fields.size("buffered_bytes", in: 16 << 10...64 << 20) ?? limits.bufferedBytes
        return limits
    }

    private func routeTimeouts(_ node: YAMLNode) -> RouteTimeouts? {
        guard let fields = fields(node, of: .timeouts) else { return nil }
        var timeouts = RouteTimeouts()
        timeouts.idle = fields.duration("idle") ?? timeouts.idle
        timeouts.pingInterval = fields.duration("ping_interval") ?? timeouts.pingInterval
        timeouts.pongTimeout = fields.duration("pong_timeout") ?? timeouts.pongTimeout
        timeouts.lifetime = fields.duration("lifetime") ?? timeouts.lifetime
        timeouts.close = fields.duration("close") ?? timeouts.close
        return timeouts
    }
}
