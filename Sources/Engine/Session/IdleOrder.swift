/// Which of a worker's connections have been idle for longest: asked only when memory is short.
struct IdleOrder {
    /// Nobody is idle before no message has passed for so long.
    static let patience: Nanoseconds = 10_000_000_000
    /// Between two looks at all connections.
    private static let interval: Nanoseconds = 1_000_000_000

    /// The one that has been idle for longest is the last. Kept from one call to the next, so that not each of them looks at
    /// all connections.
    private var candidates: [(session: ObjectIdentifier, since: Nanoseconds)] = []
    private var nextLook: Nanoseconds = 0

    /// Ends a hundredth of the connections, or all that are idle.
    mutating func shed(_ sessions: [ObjectIdentifier: Session], now: Nanoseconds) {
        if candidates.isEmpty {
            guard now >= nextLook else { return }
            nextLook = now.saturatingAdd(Self.interval)
            candidates = sessions.compactMap { id, session in
                session.idleSince.flatMap { $0.saturatingAdd(Self.patience) <= now ? (id, $0) : nil }
            }
            candidates.sort { $0.since > $1.since }
        }
        var left = max(8, sessions.count / 100)
        while left > 0, let candidate = candidates.popLast() {
            // It may have gone, or have woken up, or another one may stand in its place.
            guard let session = sessions[candidate.session], session.idleSince == candidate.since else { continue }
            session.shed()
            left -= 1
        }
    }
}
