/// A worker's connections that an operator wants gone: closed one by one, spread over a time, so that not all of their clients
/// come back in the same moment. A drain that begins meanwhile takes them over with all the others.
final class CloseSchedule: ChannelOwner {
    private unowned let host: SessionHost
    /// The next one is the last.
    private var waiting: [Session] = []
    private var pause: Nanoseconds = 0
    private var next: Nanoseconds = 0

    init(host: SessionHost) {
        self.host = host
    }

    /// Closes these, too, within `window` from now, and with them those that still wait.
    func add(_ sessions: [Session], window: Nanoseconds) {
        waiting = sessions.reversed() + waiting
        pause = window / Int64(max(1, waiting.count))
        next = host.worker.now
        host.worker.assign(.closing, to: self)
        deadlinePassed(now: host.worker.now)
    }

    override func deadlinePassed(now: Nanoseconds) {
        while next <= now, let session = waiting.popLast() {
            session.closeByOperator()
            next = next.saturatingAdd(pause)
        }
        if waiting.isEmpty {
            host.worker.assign(.closing, to: nil)
        } else {
            host.worker.setDeadline(next, for: .closing)
        }
    }
}
