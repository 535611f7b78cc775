/// A worker's connections that an operator wants gone: closed one by one, spread over a time, so that not all of their clients
/// come back in the same moment. A drain that begins meanwhile takes them over with all the others.
final class CloseSchedule: ChannelOwner {
    private unowned let host: SessionHost
    /// Each once, the next one last.
    private var waiting: [Turn] = []

    private struct Turn {
        let session: Session
        let due: Nanoseconds
    }

    init(host: SessionHost) {
        self.host = host
    }

    /// Closes these, too, within `window` from now. Who waits already is closed then, or sooner.
    func add(_ sessions: [Session], window: Nanoseconds) {
        let now = host.worker.now
        let pause = window / Int64(max(1, sessions.count))
        var turns = Dictionary(waiting.map { (ObjectIdentifier($0.session), $0) }) { first, _ in first }
        for (index, session) in sessions.enumerated() {
            let due = now.saturatingAdd(pause * Int64(index + 1))
            if let known = turns[ObjectIdentifier(session)], known.due <= due { continue }
            turns[ObjectIdentifier(session)] = Turn(session: session, due: due)
        }
        waiting = turns.values.sorted { $0.due > $1.due }
        host.worker.assign(.closing, to: self)
        deadlinePassed(now: now)
    }

    override func deadlinePassed(now: Nanoseconds) {
        while let turn = waiting.last, turn.due <= now {
            waiting.removeLast()
            turn.session.closeByOperator()
        }
        if let next = waiting.last?.due {
            host.worker.setDeadline(next, for: .closing)
        } else {
            host.worker.assign(.closing, to: nil)
        }
    }
}
