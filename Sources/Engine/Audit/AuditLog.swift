internal import Glibc
internal import Tokens

/// Where audit records go: a log of lines whose own thread writes them, so that a reader who stalls holds up nobody.
///
/// What waits is bounded. Records beyond that are lost, as are those that cannot be written, and counted in a record of their own.
package final class AuditLog: Sendable {
    private static let maximumWaiting = 16 * 1024 * 1024

    private let lines: LineLog

    /// A log that appends to `output` and owns it. `tellFailure` is told on the log's own thread what keeps it from being written,
    /// once until it is written again.
    package init(
        output: consuming Descriptor, path: String? = nil,
        tellFailure: @escaping @Sendable (SystemError) -> Void = { _ in }
    ) throws(SystemError) {
        lines = try LineLog(
            output: output, path: path, name: "the audit log", maximumWaiting: AuditLog.maximumWaiting,
            tellFailure: tellFailure, lostLine: { AuditLog.lostLine($0) })
    }

    /// Opens the file at `path` for appending, made with mode 0600; `-` is standard output.
    package convenience init(
        path: String, tellFailure: @escaping @Sendable (SystemError) -> Void = { _ in }
    ) throws(SystemError) {
        let isFile = path != "-"
        let number = isFile ? LineLog.open(path) : dup(STDOUT_FILENO)
        guard number >= 0 else { throw SystemError("open the audit log \(path)") }
        try self.init(output: Descriptor(owning: number), path: isFile ? path : nil, tellFailure: tellFailure)
    }

    /// Has the file opened again, by its path: it has been moved away, and records go on in a new one. Does nothing for standard
    /// output.
    package func reopen() {
        lines.reopen()
    }

    func write(_ facts: AuditFacts) {
        lines.append(facts.line(unixMilliseconds: SystemClock.unixMilliseconds()))
    }

    /// How many records nobody will ever read.
    var recordsLost: Int64 { lines.linesLost }

    /// Writes until the log is closed and everything is out; runs on a thread of its own.
    func run() {
        lines.run()
    }

    /// Has ``run()`` return once what waits is written.
    func close() {
        lines.close()
    }

    private static func lostLine(_ count: Int64) -> [UInt8] {
        var line = JSONLine()
        line.add("time", Timestamp.rfc3339(unixMilliseconds: SystemClock.unixMilliseconds()))
        line.add("event", "lost")
        line.add("count", count)
        return line.finished()
    }
}
