/// A worker's live connections on their way out: closed one by one, spread evenly over the window, so that not all of their
/// clients come back to the next server in the same moment, and cut off at its end. The last part of the window is left to
/// the answers of those that are closed last. Workers take turns.
///
/// Those that are not admitted yet get their 503 when their head has come.
final class DrainSchedule: ChannelOwner {
    /// Of the window for the last answers, at most.
    private static let longestReserve: Nanoseconds = 1_000_000_000

    private unowned let host: SessionHost
    private var waiting: [Session]
    private let pause: Nanoseconds
    private let end: Nanoseconds
    private var next: Nanoseconds

    init(host: SessionHost, sessions: [Session], window: Nanoseconds, share: WorkerShare) {
        self.host = host
        waiting = sessions
        pause = (window - min(window / 10, Self.longestReserve)) / Int64(max(1, sessions.count))
        next = host.worker.now.saturatingAdd(pause / Int64(share.count) * Int64(share.index))
        end = host.worker.now.saturatingAdd(window)
    }

    func start() {
        host.worker.assign(.drain, to: self)
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
            host.worker.setDeadline(waiting.isEmpty ? end : min(end, next), for: .drain)
        }
    }
}
