internal import Glibc
internal import Locking
internal import Tokens

/// Where audit records go: a descriptor that a thread of its own writes to, so that a reader who stalls holds up nobody.
///
/// What waits is bounded. Records beyond that are lost, and counted in a record of their own.
package final class AuditLog: Sendable {
    private static let maximumWaiting = 16 * 1024 * 1024
    /// Between two writes, in milliseconds: what comes meanwhile goes out together, since a wake-up of this thread and a write
    /// for each record would cost a busy gateway more than the record itself.
    private static let pause: Int32 = 5

    private struct State {
        var waiting: [UInt8] = []
        var lost: Int64 = 0
        /// Since the start, those that were made room for and could not be written counted as well.
        var lostInAll: Int64 = 0
        var isClosed = false
    }

    private let state = Lock(State())
    private let output: Descriptor
    private let signal: WakeUp

    /// A log that appends to `output` and owns it.
    package init(output: consuming Descriptor) throws(SystemError) {
        signal = try WakeUp(blocking: true)
        self.output = output
    }

    /// Opens the file at `path` for appending, made with mode 0600; `-` is standard output.
    package convenience init(path: String) throws(SystemError) {
        let number =
            path == "-" ? dup(STDOUT_FILENO) : unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw SystemError("open the audit log \(path)") }
        try self.init(output: Descriptor(owning: number))
    }

    func write(_ facts: AuditFacts) {
        let line = facts.line(unixMilliseconds: SystemClock.unixMilliseconds())
        let wasEmpty = state.withLock { state in
            guard state.waiting.count + line.count <= Self.maximumWaiting else {
                state.lost += 1
                state.lostInAll += 1
                return false
            }
            state.waiting.append(contentsOf: line)
            return state.waiting.count == line.count
        }
        if wasEmpty { signal.wake() }
    }

    /// How many records nobody will ever read.
    var recordsLost: Int64 { state.withLock { $0.lostInAll } }

    /// Writes until the log is closed and everything is out; runs on a thread of its own.
    func run() {
        while true {
            signal.take()
            let (bytes, lost, isClosed) = state.withLock { state in
                defer {
                    state.waiting = []
                    state.lost = 0
                }
                return (state.waiting, state.lost, state.isClosed)
            }
            writeAll(bytes)
            if lost > 0 {
                var line = JSONLine()
                line.add("time", Timestamp.rfc3339(unixMilliseconds: SystemClock.unixMilliseconds()))
                line.add("event", "lost")
                line.add("count", lost)
                writeAll(line.finished())
            }
            if isClosed { return }
            _ = poll(nil, 0, Self.pause)
        }
    }

    /// Has ``run()`` return once what waits is written.
    func close() {
        state.withLock { $0.isClosed = true }
        signal.wake()
    }

    private func writeAll(_ bytes: [UInt8]) {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    output.number, UnsafeRawBufferPointer(rebasing: buffer[offset...]).baseAddress,
                    buffer.count - offset)
            }
            if count > 0 {
                offset += count
            } else if errno != EINTR {
                // The reader has gone, or the disk is full: the gateway goes on without.
                let lost = bytes[offset...].count { $0 == UInt8(ascii: "\n") }
                state.withLock { $0.lostInAll += Int64(lost) }
                return
            }
        }
    }
}
