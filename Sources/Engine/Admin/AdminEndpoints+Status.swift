internal import Glibc
internal import PolicyModel
internal import Tokens

/// What a gateway is and how it fares.
extension AdminEndpoints {
    func status(_ request: AdminRequest) throws(AdminRefusal) -> AdminAnswer {
        _ = try request.query([])
        let policy = control.policy
        let workers = try ask { $0.sessions.count }
        var members: [String: ClaimValue] = [
            "version": .string(Release.version), "pid": .integer(Int64(getpid())),
            "started": .string(Timestamp.rfc3339(unixMilliseconds: startedAt)),
            "uptime_seconds": .integer(uptime / 1_000_000_000), "state": .string(stateDirectory),
            "draining": .boolean(control.isDraining), "partial": .boolean(workers.contains(nil)),
            "policy": .object([
                "version": .string(policy.runtime.policyVersion),
                "since": .string(Timestamp.rfc3339(unixMilliseconds: policy.sinceUnixMilliseconds)),
            ]),
            "workers": .array(workers.enumerated().map(worker)), "listeners": .array(listeners(policy.runtime)),
            "connections": .integer(Int64(control.workers.inboxes.reduce(0) { $0 + $1.load.value })),
            "memory": memory(policy.runtime), "descriptors": descriptors(),
        ]
        var admin: [String: ClaimValue] = [:]
        admin["socket"] = socketPath().map { .string($0) }
        admin["address"] = policy.runtime.adminDoor.map { .string($0.boundAddress.description) }
        members["admin"] = .object(admin)
        members["last_reload"] = control.lastReload.map(reload) ?? .null
        return AdminAnswer(members)
    }

    private func worker(_ index: Int, _ connections: Int?) -> ClaimValue {
        .object([
            "index": .integer(Int64(index)), "load": .integer(Int64(control.workers.inboxes[index].load.value)),
            "connections": connections.map { .integer(Int64($0)) } ?? .null,
        ])
    }

    private func listeners(_ runtime: GatewayRuntime) -> [ClaimValue] {
        let addresses = control.addresses
        return runtime.listeners.map { listener in
            let policy = listener.policy
            // One that drains listens no more.
            let address = addresses[policy.name].map { ClaimValue.string($0.description) } ?? .null
            return .object([
                "name": .string(policy.name), "address": address,
                "connections": .integer(Int64(listener.connections.value)),
                "maximum": .integer(Int64(policy.limits.connections)),
            ])
        }
    }

    private func memory(_ runtime: GatewayRuntime) -> ClaimValue {
        let ceiling = MemoryCeiling(bytes: runtime.limits.memory).bytes
        return .object([
            "resident_bytes": ResidentMemory().bytes().map { .integer(Int64($0)) } ?? .null,
            "ceiling_bytes": .integer(Int64(ceiling)),
        ])
    }

    private func descriptors() -> ClaimValue {
        .object([
            "used": DescriptorLimit.used().map { .integer(Int64($0)) } ?? .null,
            "limit": .integer(Int64(clamping: DescriptorLimit.current())),
        ])
    }

    private func reload(_ reload: PastReload) -> ClaimValue {
        var members: [String: ClaimValue] = [
            "at": .string(Timestamp.rfc3339(unixMilliseconds: reload.atUnixMilliseconds))
        ]
        switch reload.outcome {
        case .inForce(let version):
            members["outcome"] = .string("in-force")
            members["version"] = .string(version)
        case .refused(let lines):
            members["outcome"] = .string("refused")
            members["diagnostics"] = .array(lines.map { .string($0) })
        case .draining:
            members["outcome"] = .string("draining")
        }
        return .object(members)
    }
}
