internal import Locking

/// What an authorisation service has admitted not long ago, in bounded memory. Where there is no room the oldest goes.
///
/// Safe to use from any thread.
final class AuthorizationCache: Sendable {
    /// What an entry takes beside its grant, about.
    private static let overhead = 256

    private struct Entry {
        let grant: AuthorizationGrant
        let end: Int64
        /// Which of the records in the order is its own.
        let number: Int
    }

    private struct State {
        var entries: [[UInt8]: Entry] = [:]
        /// In the order in which they were remembered; one that was replaced stands there still.
        var order = Queue<(place: [UInt8], end: Int64, number: Int)>()
        var lastNumber = 0
        var bytes = 0
    }

    private let lifetime: Int64
    private let maximumEntries: Int
    private let maximumBytes: Int
    private let state = Lock(State())

    /// Grants are good for `lifetime` nanoseconds.
    init(lifetime: Int64, maximumEntries: Int = 16_384, maximumBytes: Int = 16 << 20) {
        self.lifetime = lifetime
        self.maximumEntries = max(1, maximumEntries)
        self.maximumBytes = maximumBytes
    }

    /// What was admitted at that place, which is a digest. `now` in nanoseconds.
    func grant(at place: [UInt8], now: Int64) -> AuthorizationGrant? {
        state.withLock { state in
            guard let entry = state.entries[place], entry.end > now else { return nil }
            return entry.grant
        }
    }

    /// Remembers what was `asked` at that time.
    func remember(_ grant: AuthorizationGrant, at place: [UInt8], asked: Int64) {
        let (end, overflow) = asked.addingReportingOverflow(lifetime)
        let cost = grant.bytes + Self.overhead
        guard !overflow, cost <= maximumBytes else { return }
        state.withLock { state in
            Self.forget(place, &state)
            while let oldest = state.order.first {
                let isFull = state.order.count >= maximumEntries || state.bytes + cost > maximumBytes
                guard isFull || oldest.end <= asked else { break }
                Self.forgetOldest(&state)
            }
            state.lastNumber += 1
            state.entries[place] = Entry(grant: grant, end: end, number: state.lastNumber)
            state.order.append((place, end, state.lastNumber))
            state.bytes += cost
        }
    }

    /// Entries that are remembered, and what they take.
    var held: (entries: Int, bytes: Int) { state.withLock { ($0.entries.count, $0.bytes) } }

    private static func forget(_ place: [UInt8], _ state: inout State) {
        guard let entry = state.entries.removeValue(forKey: place) else { return }
        state.bytes -= entry.grant.bytes + overhead
    }

    private static func forgetOldest(_ state: inout State) {
        guard let oldest = state.order.popFirst() else { return }
        if state.entries[oldest.place]?.number == oldest.number { forget(oldest.place, &state) }
    }
}
