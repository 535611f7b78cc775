/// A worker's live connections on their way out: closed one by one over the window, so that not all of their clients come
/// back to the next server in the same moment, and cut off at its end.
final class DrainSchedule: ChannelOwner {
    /// The longest pause between two closes: a handful of connections does not need the whole window.
    private static let longestPause: Nanoseconds = 100_000_000

    private unowned let host: SessionHost
    private var waiting: [Session]
    private let pause: Nanoseconds
    private let end: Nanoseconds
    private var next: Nanoseconds

    init(host: SessionHost, sessions: [Session], window: Nanoseconds) {
        self.host = host
        // Those that are not admitted yet get their 503 when their head has come.
        waiting = sessions
        pause = min(Self.longestPause, window / Int64(max(1, sessions.count)))
        next = host.worker.now
        end = host.worker.now.saturatingAdd(window)
    }

    func start() {
        host.worker.housekeeper = self
        deadlinePassed(now: host.worker.now)
    }

    override func deadlinePassed(now: Nanoseconds) {
        while next <= now, let session = waiting.popLast() {
            session.drain()
            next = next.saturatingAdd(pause)
        }
        if now >= end {
            host.endAll()
        } else {
            host.worker.setHousekeepingDeadline(waiting.isEmpty ? end : min(end, next))
        }
    }
}
