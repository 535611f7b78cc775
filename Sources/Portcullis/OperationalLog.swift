import Engine
import Foundation
import Locking
import Logging

/// Standard error of `run`. Until the gateway serves somebody, lines are written as they come. From then on a thread of its own
/// writes them, so that a reader who stalls holds up nobody: what cannot be written is lost and counted, and the gateway goes
/// on.
final class OperationalLog: Sendable {
    /// In bytes.
    private static let maximumWaiting = 1024 * 1024
    /// How long the last lines may take to be written, in milliseconds.
    private static let patience: Int32 = 1000

    private let format: ErrorLog.Format
    /// nil until ``beginServing()``.
    private let lines = Lock<LineLog?>(nil)

    init(_ format: ErrorLog.Format) {
        self.format = format
    }

    /// From here on nobody waits for the reader of a line.
    func beginServing() throws {
        let number = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)
        guard number >= 0 else { throw SystemError("duplicate standard error") }
        let format = format
        let log = try LineLog(
            output: Descriptor(owning: number), name: "the operational log", maximumWaiting: Self.maximumWaiting,
            lostLine: { count in
                Array((format.line(.warning, "log lines lost", ["count": "\(count)"]) + "\n").utf8)
            })
        try log.start(thread: "log")
        lines.withLock { $0 = log }
    }

    /// Adds a line, which is to have no end yet.
    func note(_ line: String) {
        guard let log = lines.withLock({ $0 }) else { return Console.note(line) }
        log.append(Array((line + "\n").utf8))
    }

    /// Waits until everything is out, for a second at most.
    func end() {
        lines.withLock { $0 }?.end(milliseconds: Self.patience)
    }
}
