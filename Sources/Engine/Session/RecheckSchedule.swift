internal import Logging
internal import Middleware
internal import PolicyModel

/// A worker's live connections that a changed policy has to judge again, one by one, spread over some seconds, so that not all
/// that it refuses come back in the same moment. Workers take turns. A drain takes over from it, and so does the schedule of
/// the policy after it, in which those go first whose turn has not come.
final class RecheckSchedule: ChannelOwner {
    /// How long it may take for all, where they are many.
    private static let longest: Nanoseconds = 5_000_000_000
    /// Between two of them, at most.
    private static let longestPause: Nanoseconds = 10_000_000
    /// Judged in one wake-up at most: each takes some microseconds, and all others wait.
    private static let batch = 256

    private unowned let host: SessionHost
    private var waiting: [Session]
    private let pause: Nanoseconds
    private var next: Nanoseconds
    private var tally: Tally
    private let worker: Int

    /// What has come of it so far.
    struct Tally {
        var judged = 0
        /// By the reason for which they would now be refused.
        var closed: [String: Int] = [:]
    }

    /// Goes on with what a schedule that it takes over from has left, and with its tally.
    init(host: SessionHost, sessions: [Session], share: WorkerShare, after before: RecheckSchedule? = nil) {
        self.host = host
        waiting = sessions + (before?.waiting ?? [])
        worker = share.index
        tally = before?.tally ?? Tally()
        pause = min(Self.longestPause, Self.longest / Int64(max(1, waiting.count)))
        let turn = host.worker.now.saturatingAdd(pause / Int64(share.count) * Int64(share.index))
        next = min(before?.next ?? turn, turn)
    }

    var isOver: Bool { waiting.isEmpty }

    func start() {
        host.worker.assign(.recheck, to: self)
        deadlinePassed(now: host.worker.now)
    }

    override func deadlinePassed(now: Nanoseconds) {
        var left = Self.batch
        while left > 0, next <= now, let session = waiting.popLast() {
            judge(session)
            left -= 1
            next = next.saturatingAdd(pause)
        }
        if waiting.isEmpty { tell() } else { host.worker.setDeadline(next, for: .recheck) }
    }

    private func judge(_ session: Session) {
        // It may have gone, or have been judged when it opened.
        session.askRouter()
        guard !session.recheckScope.isEmpty else { return }
        let refusal = session.takeRecheckTurn()
        if session.recheckScope.isEmpty { tally.judged += 1 }
        guard let refusal else { return }
        tally.closed[refusal.reason.rawValue, default: 0] += 1
    }

    private func tell() {
        let closed = tally.closed.values.reduce(0, +)
        let reasons = tally.closed.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        host.logger.notice(
            "live connections judged by the changed policy",
            metadata: [
                "policy_version": "\(host.runtime.policyVersion)", "worker": "\(worker)",
                "judged": "\(tally.judged)", "closed": "\(closed)",
                "reasons": "\(reasons.isEmpty ? "none" : reasons.joined(separator: ", "))",
            ])
    }
}
