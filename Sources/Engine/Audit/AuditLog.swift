internal import Glibc
internal import Tokens

/// Where audit records go: a log of lines whose own thread writes them, so that a reader who stalls holds up nobody.
///
/// What waits is bounded. Records beyond that are lost, as are those that cannot be written, and counted in a record of their own.
package final class AuditLog: Sendable {
    private static let maximumWaiting = 16 * 1024 * 1024

    let lines: LineLog

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

    /// Has a thread of its own write, until ``end(milliseconds:)``.
    func start() throws(SystemError) {
        try lines.start(thread: "audit")
    }

    /// Closes a log that was started, and waits until everything is out, at most so long.
    func end(milliseconds: Int32) {
        lines.end(milliseconds: milliseconds)
    }

    private static func lostLine(_ count: Int64) -> [UInt8] {
        var line = JSONLine()
        line.add("time", Timestamp.rfc3339(unixMilliseconds: SystemClock.unixMilliseconds()))
        line.add("event", "lost")
        line.add("count", count)
        return line.finished()
    }
}
