internal import Glibc
internal import Locking
internal import PolicyModel
import Synchronization

/// One address of an upstream, and the endpoint that it stands for.
struct UpstreamAddress: Sendable {
    let endpoint: UpstreamPolicy.Endpoint
    let address: SocketAddress
}

/// An upstream as it runs: its endpoints' addresses, as they were last resolved.
final class UpstreamTarget: Sendable {
    let policy: UpstreamPolicy
    private let resolved: Lock<[UpstreamAddress]>
    private let turn = Atomic<Int>(0)

    /// Endpoints that are IP literals have their addresses at once, and names those that they have in the target `before`
    /// this one; others wait for ``resolve()``.
    init(_ policy: UpstreamPolicy, after before: UpstreamTarget? = nil) {
        self.policy = policy
        let known = before?.resolved.withLock { $0 } ?? []
        resolved = Lock(
            policy.endpoints.flatMap { endpoint -> [UpstreamAddress] in
                if let literal = Self.literal(endpoint) { return [literal] }
                return Self.kept(for: endpoint, of: known)
            })
    }

    /// The addresses to try for one connection, each endpoint in turn the first.
    func addresses() -> [UpstreamAddress] {
        let all = resolved.withLock { $0 }
        guard all.count > 1 else { return all }
        let first = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        let start = ((first % all.count) + all.count) % all.count
        return Array(all[start...] + all[..<start])
    }

    /// Whether any endpoint has a name that DNS must be asked for.
    var hasNames: Bool { policy.endpoints.contains { IPAddress($0.host) == nil } }

    /// Whether any endpoint has no address yet.
    var isIncomplete: Bool {
        let known = Set(resolved.withLock { $0 }.map(\.endpoint))
        return policy.endpoints.contains { !known.contains($0) }
    }

    /// Asks the system's resolver, which may take seconds: never on a worker's thread. The endpoints that could not be
    /// resolved keep the addresses that they had.
    func resolve() -> [UpstreamPolicy.Endpoint] {
        let before = resolved.withLock { $0 }
        var failed: [UpstreamPolicy.Endpoint] = []
        let after = policy.endpoints.flatMap { endpoint -> [UpstreamAddress] in
            if let literal = Self.literal(endpoint) { return [literal] }
            let found = Self.lookUp(endpoint)
            if !found.isEmpty { return found }
            failed.append(endpoint)
            return Self.kept(for: endpoint, of: before)
        }
        resolved.withLock { $0 = after }
        return failed
    }

    private static func literal(_ endpoint: UpstreamPolicy.Endpoint) -> UpstreamAddress? {
        IPAddress(endpoint.host).map {
            UpstreamAddress(endpoint: endpoint, address: SocketAddress(ip: $0, port: endpoint.port))
        }
    }

    /// The addresses that are known of its host and port, whatever the path. Endpoints that share them do not add theirs up.
    private static func kept(
        for endpoint: UpstreamPolicy.Endpoint, of known: [UpstreamAddress]
    ) -> [UpstreamAddress] {
        var seen: Set<SocketAddress> = []
        return known.filter { it in
            it.endpoint.host == endpoint.host && it.endpoint.port == endpoint.port && seen.insert(it.address).inserted
        }
        .map { UpstreamAddress(endpoint: endpoint, address: $0.address) }
    }

    private static func lookUp(_ endpoint: UpstreamPolicy.Endpoint) -> [UpstreamAddress] {
        Resolver.addresses(of: endpoint.host).map {
            UpstreamAddress(endpoint: endpoint, address: SocketAddress(ip: $0, port: endpoint.port))
        }
    }
}
