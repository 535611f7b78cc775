/// What operators ask of a worker's connections, on its thread.
extension SessionHost {
    /// Closed in a second, where nobody has said how fast.
    private static let closesPerSecond = 1000
    /// Nobody waits longer, where nobody has said how long.
    private static let longestWindow: Nanoseconds = 30_000_000_000

    func connections(_ query: ConnectionQuery) -> ConnectionQuery.Answer {
        query.answer(sessions.values, worker: index, now: worker.now)
    }

    /// What becomes of a wish to have connections closed.
    struct Closing: Sendable, Hashable {
        /// How many are closed, or will be.
        let count: Int
        /// Until the last of them, in nanoseconds.
        let window: Nanoseconds
    }

    /// Closes the admitted connections that are meant, spread over `window` (nanoseconds); nil: a thousand a second, within 30
    /// seconds, and a hundred at once.
    func close(_ filter: ConnectionFilter, over window: Nanoseconds?) -> Closing {
        let meant = sessions.values.filter { $0.relayed?.isCut == false && filter.matches($0) }
        let own = meant.count <= 100 ? 0 : Int64(meant.count) * 1_000_000_000 / Int64(Self.closesPerSecond)
        let window = window ?? min(own, Self.longestWindow)
        if isDraining || window == 0 {
            // A drain has a schedule of its own.
            for session in meant { session.closeByOperator() }
        } else if !meant.isEmpty {
            closing.add(meant, window: window)
        }
        return Closing(count: meant.count, window: window)
    }
}
