import Engine
import Foundation
import Logging

/// Standard error while a gateway runs. A thread of its own writes there, so that a reader who stalls holds up nobody: what
/// cannot be written is lost and counted, and the gateway goes on.
struct OperationalLog: Sendable {
    /// In bytes.
    private static let maximumWaiting = 1024 * 1024
    /// How long the last lines may take to be written, in milliseconds.
    private static let patience: Int32 = 1000

    /// nil where there are no descriptors or threads left for it.
    private let lines: LineLog?

    init(_ format: ErrorLog.Format) {
        lines = try? Self.started(format)
    }

    private static func started(_ format: ErrorLog.Format) throws -> LineLog? {
        let number = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)
        guard number >= 0 else { return nil }
        let lines = try LineLog(
            output: Descriptor(owning: number), name: "the operational log", maximumWaiting: maximumWaiting,
            lostLine: { count in
                Array((format.line(.warning, "log lines lost", ["count": "\(count)"]) + "\n").utf8)
            })
        try lines.start()
        return lines
    }

    /// Adds a line, which is to have no end yet.
    func note(_ line: String) {
        guard let lines else { return Console.note(line) }
        lines.append(Array((line + "\n").utf8))
    }

    /// Waits until everything is out, for as long as that may take.
    func end() {
        lines?.end(milliseconds: Self.patience)
    }
}
