internal import Glibc
internal import Locking
internal import PolicyModel
import Synchronization

/// One address of an upstream, and the endpoint that it stands for.
struct UpstreamAddress: Sendable {
    let endpoint: UpstreamPolicy.Endpoint
    let address: SocketAddress
}

/// An upstream as it runs: its endpoints' addresses, as they were last resolved, and which could not be reached.
final class UpstreamTarget: Sendable {
    /// How long an address that could not be reached is tried last.
    private static let unreachedTime: Nanoseconds = 10_000_000_000

    let policy: UpstreamPolicy
    private let state: Lock<State>
    private let turn = Atomic<Int>(0)
    /// Whether there is a mark at all: where there is none, a connection that succeeds takes no lock for it.
    private let hasUnreached = Atomic<Bool>(false)

    private struct State: Sendable {
        var addresses: [UpstreamAddress] = []
        /// Those of `addresses` that could not be reached, and until when they are tried last.
        var unreached: [SocketAddress: Nanoseconds] = [:]

        /// From now on these; marks of others are forgotten.
        mutating func replace(_ new: [UpstreamAddress]) {
            addresses = new
            unreached = unreached.filter { mark in new.contains { $0.address == mark.key } }
        }

        /// An address whose time is over: whoever asks tries it, and meanwhile it stays the last for all others.
        mutating func takeDue(at now: Nanoseconds) -> SocketAddress? {
            guard let due = unreached.first(where: { $0.value <= now })?.key else { return nil }
            unreached[due] = now.saturatingAdd(UpstreamTarget.unreachedTime)
            return due
        }
    }

    /// Endpoints that are IP literals have their addresses at once, and names those that they have in the target `before`
    /// this one; others wait for ``resolve()``.
    init(_ policy: UpstreamPolicy, after before: UpstreamTarget? = nil) {
        self.policy = policy
        var state = before?.state.withLock { $0 } ?? State()
        let known = state.addresses
        state.replace(
            policy.endpoints.flatMap { endpoint -> [UpstreamAddress] in
                if let literal = Self.literal(endpoint) { return [literal] }
                return Self.kept(for: endpoint, of: known)
            })
        self.state = Lock(state)
        hasUnreached.store(!state.unreached.isEmpty, ordering: .relaxed)
    }

    /// The addresses to try for one connection, each endpoint in turn the first, and behind them those that could not
    /// be reached. Once the time of one of these is over, a single connection has it first.
    func addresses(now: Nanoseconds) -> [UpstreamAddress] {
        let (all, unreached, due) = state.withLock { state in
            let due = state.takeDue(at: now)
            return (state.addresses, state.unreached, due)
        }
        guard all.count > 1 else { return all }
        let first = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        guard !unreached.isEmpty else { return Self.rotated(all, by: first) }
        // Each group turns by itself: whoever stands behind one that is put last would get its connections, too.
        let reached = all.filter { unreached[$0.address] == nil }
        let last = all.filter { unreached[$0.address] != nil && $0.address != due }
        return all.filter { $0.address == due } + Self.rotated(reached, by: first) + Self.rotated(last, by: first)
    }

    private static func rotated(_ addresses: [UpstreamAddress], by turn: Int) -> [UpstreamAddress] {
        guard addresses.count > 1 else { return addresses }
        let start = ((turn % addresses.count) + addresses.count) % addresses.count
        return Array(addresses[start...] + addresses[..<start])
    }

    /// No connection to `address` came about: it is tried last for a while, by all workers.
    func noteUnreached(_ address: SocketAddress, now: Nanoseconds) {
        state.withLock { state in
            // Only what is resolved is marked, which bounds the marks. One that stands alone is the last as it is.
            guard state.addresses.count > 1, state.addresses.contains(where: { $0.address == address }) else { return }
            state.unreached[address] = now.saturatingAdd(Self.unreachedTime)
            hasUnreached.store(true, ordering: .relaxed)
        }
    }

    /// A connection to `address` has come about: it has its turn again.
    func noteReached(_ address: SocketAddress) {
        guard hasUnreached.load(ordering: .relaxed) else { return }
        state.withLock { state in
            state.unreached[address] = nil
            hasUnreached.store(!state.unreached.isEmpty, ordering: .relaxed)
        }
    }

    /// Whether any endpoint has a name that DNS must be asked for.
    var hasNames: Bool { policy.endpoints.contains { IPAddress($0.host) == nil } }

    /// Whether any endpoint has no address yet.
    var isIncomplete: Bool {
        let known = Set(state.withLock { $0.addresses }.map(\.endpoint))
        return policy.endpoints.contains { !known.contains($0) }
    }

    /// Asks the system's resolver, which may take seconds: never on a worker's thread. The endpoints that could not be
    /// resolved keep the addresses that they had.
    func resolve() -> [UpstreamPolicy.Endpoint] {
        let before = state.withLock { $0.addresses }
        var failed: [UpstreamPolicy.Endpoint] = []
        let after = policy.endpoints.flatMap { endpoint -> [UpstreamAddress] in
            if let literal = Self.literal(endpoint) { return [literal] }
            let found = Self.lookUp(endpoint)
            if !found.isEmpty { return found }
            failed.append(endpoint)
            return Self.kept(for: endpoint, of: before)
        }
        state.withLock { $0.replace(after) }
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
