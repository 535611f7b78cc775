internal import Logging
internal import PolicyModel
internal import Tokens

/// Live connections: what there are, and which are to go.
extension AdminEndpoints {
    private static let filters = ["id", "route", "subject", "token", "address", "listener"]
    private static let maximumLimit: Int64 = 10_000

    /// The first of the connections that are asked for.
    func connections(_ request: AdminRequest) throws(AdminRefusal) -> AdminAnswer {
        let fields = try request.query(Self.filters + ["state", "sort", "limit"])
        var query = ConnectionQuery()
        query.filter = try Self.filter(fields)
        query.filter.state = try Self.choice(fields, "state")
        query.order = try Self.choice(fields, "sort") ?? .age
        query.limit = try fields.number("limit", 1...Self.maximumLimit).map { Int($0) } ?? query.limit
        let asked = query
        let answers = try ask { $0.connections(asked) }
        let (records, total) = query.merged(answers.compactMap(\.self))
        return AdminAnswer([
            "connections": .array(records.map(\.json)), "total": .integer(Int64(total)),
            // A worker that is too busy to answer has some that are not told of here.
            "partial": .boolean(answers.contains { $0 == nil }),
        ])
    }

    /// Closes connections with 1008, `closed-by-operator`.
    func close(_ request: AdminRequest) throws(AdminRefusal) -> AdminAnswer {
        let fields = try request.object(Self.filters + ["all", "over"])
        for name in Self.filters { _ = try fields.filledText(name) }
        let filter = try Self.filter(fields)
        let isAll = try fields.flag("all")
        guard isAll != Self.filters.contains(where: { fields[$0] != nil }) else {
            throw .malformed(
                "say which: one or more of \(Self.filters.map { "`\($0)`" }.joined(separator: ", ")), or `all`: true")
        }
        let window = try Self.window(fields)
        let answers = try ask { $0.close(filter, over: window) }
        let closings = answers.compactMap(\.self)
        let count = closings.reduce(0) { $0 + $1.count }
        if count == 0, closings.count == answers.count { try requireNames(filter) }
        let longest = closings.map(\.window).max() ?? 0
        tell("connections closed", request, ["count": "\(count)", "filter": "\(isAll ? "all" : fields.description)"])
        return AdminAnswer([
            "closed": .integer(Int64(count)), "over_ms": .integer(longest / 1_000_000),
            "partial": .boolean(answers.contains { $0 == nil }),
        ])
    }

    /// Throws where the policy in force has no such route or listener, which is then most often misspelt. One that it no longer
    /// has may have connections.
    private func requireNames(_ filter: ConnectionFilter) throws(AdminRefusal) {
        let runtime = control.policy.runtime
        if let route = filter.route, !runtime.routes.contains(where: { $0.policy.name == route }) {
            throw Self.unknown("route", route)
        }
        if let listener = filter.listener, !runtime.listeners.contains(where: { $0.policy.name == listener }) {
            throw Self.unknown("listener", listener)
        }
    }

    private static func unknown(_ kind: String, _ name: String) -> AdminRefusal {
        AdminRefusal(
            status: 404, error: "\(kind)-unknown",
            message: "nothing was closed: the policy in force has no \(kind) `\(name)`; "
                + "`portcullis connections list` shows the \(kind) of each connection")
    }

    private static func filter(_ fields: AdminFields) throws(AdminRefusal) -> ConnectionFilter {
        var filter = ConnectionFilter()
        filter.requestID = try fields.text("id")
        filter.route = try fields.text("route")
        filter.subject = try fields.text("subject")
        filter.tokenID = try fields.text("token")
        filter.listener = try fields.text("listener")
        if let text = try fields.text("address") {
            do throws(CIDR.ParseError) {
                filter.addresses = CIDRSet([try CIDR(text)])
            } catch {
                throw .malformed("`address` must be an address or a block, such as 192.0.2.7 or 192.0.2.0/24")
            }
        }
        return filter
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ fields: AdminFields, _ name: String
    ) throws(AdminRefusal) -> Choice? {
        guard let text = try fields.text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw .malformed("`\(name)` must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    /// nil where it is not said.
    private static func window(_ fields: AdminFields) throws(AdminRefusal) -> Nanoseconds? {
        guard let text = try fields.text("over") else { return nil }
        if text == "0s" { return 0 }
        guard let seconds = Lifetime(text)?.seconds, seconds <= 3600 else {
            throw .malformed("`over` must be a whole number and s, m or h, up to 1h, such as 30s")
        }
        return seconds * 1_000_000_000
    }
}

extension ConnectionRecord {
    /// As an answer has it; what is not known is left out.
    fileprivate var json: ClaimValue {
        var members: [String: ClaimValue] = [
            "request_id": .string(requestID), "state": .string(state.rawValue), "listener": .string(listener),
            "client": .string(client.description), "peer": .string(peer.description),
            "policy_version": .string(policyVersion), "worker": .integer(Int64(worker)), "age_ms": .integer(age),
            "idle_ms": .integer(idle),
            "bytes": .object(["from_client": .integer(bytesFromClient), "from_upstream": .integer(bytesFromUpstream)]),
            "messages": .object([
                "from_client": .integer(messagesFromClient), "from_upstream": .integer(messagesFromUpstream),
            ]),
        ]
        members["route"] = route.map { .string($0) }
        members["upstream"] = upstream.map { .string($0) }
        members["path"] = path.map { .string($0) }
        members["subject"] = subject.map { .string($0) }
        members["token_id"] = tokenID.map { .string($0) }
        members["client_certificate"] = certificate.map { .string($0) }
        return .object(members)
    }
}
