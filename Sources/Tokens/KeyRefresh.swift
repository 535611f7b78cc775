internal import Locking

/// Where an issuer's keys come from, as far as it can be asked again.
package protocol TokenKeySource: Sendable {
    /// A look for keys that is on its way, or that has been begun for this call; nil where none may be made now. What a peer
    /// sends decides when, within bounds, and never where.
    func learn() -> KeyRefresh?
}

/// One look for an issuer's keys, and all who wait for its end.
package final class KeyRefresh: Sendable {
    private struct State {
        var isDone = false
        var waiting: [@Sendable () -> Void] = []
    }

    /// How long it takes at most.
    package let patience: Duration
    private let state = Lock(State())

    package init(patience: Duration) {
        self.patience = patience
    }

    /// Calls `body` once: when it is done, on any thread, or before this returns where it is done already.
    package func whenDone(_ body: @escaping @Sendable () -> Void) {
        let isDone = state.withLock { state in
            if !state.isDone { state.waiting.append(body) }
            return state.isDone
        }
        if isDone { body() }
    }

    /// Whatever has come of it.
    package func finish() {
        let waiting = state.withLock { state in
            state.isDone = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for body in waiting { body() }
    }
}
