internal import Middleware

/// Whose turn it is to call a service. Each service has turns of its own: one that hangs keeps those who want it, and nobody
/// else.
struct CallTurns<Call: Sendable>: Sendable {
    /// What becomes of a call that is wanted.
    enum Turn: Hashable {
        case now
        /// It comes out of ``next(of:)`` one day.
        case later
        /// As many wait as may.
        case never
    }

    private struct Line {
        var alive = 0
        /// In the order in which they came.
        var waiting = Queue<Call>()
    }

    private let maximumAlive: Int
    private let maximumWaiting: Int
    /// Of services that are being called alone.
    private var lines: [String: Line] = [:]

    /// Bounds for each service.
    init(maximumAlive: Int, maximumWaiting: Int) {
        self.maximumAlive = max(1, maximumAlive)
        self.maximumWaiting = maximumWaiting
    }

    mutating func take(_ call: Call, of service: String) -> Turn {
        let line = lines[service] ?? Line()
        if line.alive < maximumAlive {
            lines[service, default: Line()].alive += 1
            return .now
        }
        guard line.waiting.count < maximumWaiting else { return .never }
        lines[service]?.waiting.append(call)
        return .later
    }

    /// A call has ended: the one whose turn it is then, if there is one.
    mutating func next(of service: String) -> Call? {
        if let call = lines[service]?.waiting.popFirst() { return call }
        guard let alive = lines[service]?.alive else { return nil }
        lines[service] = alive > 1 ? Line(alive: alive - 1) : nil
        return nil
    }

    /// Services that are being called.
    var count: Int { lines.count }
}
