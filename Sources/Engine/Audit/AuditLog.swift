internal import CPlatform
internal import Glibc
internal import Locking
internal import Tokens

/// Where audit records go: a descriptor that a thread of its own writes to, so that a reader who stalls holds up nobody.
///
/// What waits is bounded. Records beyond that are lost, as are those that cannot be written, and counted in a record of their own.
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
        /// Another file may be meant by the path.
        var isMoved = false
    }

    private let state = Lock(State())
    private let output: Descriptor
    private let signal: WakeUp

    /// nil where there is none to be opened again.
    private let path: String?
    private let tellFailure: @Sendable (SystemError) -> Void

    /// A log that appends to `output` and owns it. `tellFailure` is told on the log's own thread what keeps it from being written,
    /// once until it is written again.
    package init(
        output: consuming Descriptor, path: String? = nil,
        tellFailure: @escaping @Sendable (SystemError) -> Void = { _ in }
    ) throws(SystemError) {
        signal = try WakeUp(blocking: true)
        self.output = output
        self.path = path
        self.tellFailure = tellFailure
    }

    /// Opens the file at `path` for appending, made with mode 0600; `-` is standard output.
    package convenience init(
        path: String, tellFailure: @escaping @Sendable (SystemError) -> Void = { _ in }
    ) throws(SystemError) {
        let isFile = path != "-"
        let number = isFile ? Self.open(path) : dup(STDOUT_FILENO)
        guard number >= 0 else { throw SystemError("open the audit log \(path)") }
        try self.init(output: Descriptor(owning: number), path: isFile ? path : nil, tellFailure: tellFailure)
    }

    /// A FIFO that nobody reads is not waited for: it cannot be opened (`ENXIO`). Writes do wait.
    private static func open(_ path: String) -> Int32 {
        let number = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0o600)
        if number >= 0 { _ = fcntl(number, F_SETFL, O_APPEND) }
        return number
    }

    /// Has the file opened again, by its path: it has been moved away, and records go on in a new one. Does nothing for standard
    /// output.
    package func reopen() {
        state.withLock { $0.isMoved = true }
        signal.wake()
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
        var writing = Writing()
        while true {
            signal.take()
            let taken = state.withLock { state in
                let taken = state
                (state.waiting, state.lost, state.isMoved) = ([], 0, false)
                return taken
            }
            if taken.isMoved, openAgain() { writing.isInsideLine = false }
            writing.lost += taken.lost
            write(taken.waiting, &writing)
            if taken.isClosed { return }
            _ = poll(nil, 0, Self.pause)
        }
    }

    /// Has ``run()`` return once what waits is written.
    func close() {
        state.withLock { $0.isClosed = true }
        signal.wake()
    }

    /// Whether another file may stand there now.
    private func openAgain() -> Bool {
        guard let path else { return false }
        let number = Self.open(path)
        guard number >= 0 else {
            tellFailure(SystemError("open the audit log \(path) again"))
            return false
        }
        // Under the number that it has, the old file makes place for the new one.
        let isReplaced = cp_replace_descriptor(output.number, number) == 1
        _ = Glibc.close(number)
        return isReplaced
    }

    /// How the writing goes.
    private struct Writing {
        /// Records that nobody will read, and that no record has told of.
        var lost: Int64 = 0
        var isFailing = false
        /// The last line that was begun could not be ended.
        var isInsideLine = false
    }

    private func write(_ records: [UInt8], _ writing: inout Writing) {
        var bytes = writing.isInsideLine ? [UInt8(ascii: "\n")] + records : records
        if writing.lost > 0 {
            var line = JSONLine()
            line.add("time", Timestamp.rfc3339(unixMilliseconds: SystemClock.unixMilliseconds()))
            line.add("event", "lost")
            line.add("count", writing.lost)
            bytes += line.finished()
        }
        guard !bytes.isEmpty else { return }
        let written = writeAll(bytes)
        guard written < bytes.count else {
            writing = Writing()
            return
        }
        // The reader has gone, or the disk is full: the gateway goes on without.
        if !writing.isFailing { tellFailure(SystemError("write the audit log")) }
        writing.isFailing = true
        let ends = bytes[..<written].count { $0 == UInt8(ascii: "\n") }
        // The first of them may end a line that was lost before.
        let whole = max(0, writing.isInsideLine ? ends - 1 : ends)
        let lost = Int64(max(0, records.count { $0 == UInt8(ascii: "\n") } - whole))
        writing.lost += lost
        state.withLock { $0.lostInAll += lost }
        if written > 0 { writing.isInsideLine = bytes[written - 1] != UInt8(ascii: "\n") }
    }

    /// How many of the bytes could be written.
    private func writeAll(_ bytes: [UInt8]) -> Int {
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
                break
            }
        }
        return offset
    }
}
