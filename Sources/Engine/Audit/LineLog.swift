internal import CPlatform
internal import Glibc
internal import Locking

/// Whole lines on their way to a descriptor that a thread of its own writes to, so that a reader who stalls holds up nobody.
///
/// What waits is bounded. Lines beyond that are lost, as are those that cannot be written, and counted in a line of their own.
package final class LineLog: Sendable {
    /// Between two writes, in milliseconds: what comes meanwhile goes out together, since a wake-up of this thread and a write
    /// for each line would cost a busy gateway more than the line itself.
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
    private let ended: WakeUp

    /// nil where there is none to be opened again.
    private let path: String?
    /// What errors call it.
    private let name: String
    /// In bytes.
    private let maximumWaiting: Int
    private let tellFailure: @Sendable (SystemError) -> Void
    private let lostLine: @Sendable (Int64) -> [UInt8]

    /// A log that appends to `output` and owns it; `path` is where it stands, for ``reopen()``.
    ///
    /// - Parameters:
    ///   - name: What errors call the log.
    ///   - maximumWaiting: How many bytes may wait to be written.
    ///   - tellFailure: Told on the log's own thread what keeps it from being written, once until it is written again.
    ///   - lostLine: The line that tells of so many lost ones, with its end.
    package init(
        output: consuming Descriptor, path: String? = nil, name: String, maximumWaiting: Int,
        tellFailure: @escaping @Sendable (SystemError) -> Void = { _ in },
        lostLine: @escaping @Sendable (Int64) -> [UInt8]
    ) throws(SystemError) {
        signal = try WakeUp(blocking: true)
        ended = try WakeUp(blocking: false)
        self.output = output
        self.path = path
        self.name = name
        self.maximumWaiting = maximumWaiting
        self.tellFailure = tellFailure
        self.lostLine = lostLine
    }

    /// A descriptor that appends to the file at `path`, made with mode 0600; less than 0 where there is none, as `errno` says.
    ///
    /// A FIFO that nobody reads is not waited for: it cannot be opened (`ENXIO`). Writes do wait.
    static func open(_ path: String) -> Int32 {
        let number = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0o600)
        if number >= 0 { _ = fcntl(number, F_SETFL, O_APPEND) }
        return number
    }

    /// Has the file opened again, by its path: it has been moved away, and lines go on in a new one. Does nothing where the log
    /// has no path.
    package func reopen() {
        state.withLock { $0.isMoved = true }
        signal.wake()
    }

    /// Adds a line, which brings its end with it. Never waits.
    package func append(_ line: [UInt8]) {
        let wasEmpty = state.withLock { state in
            guard state.waiting.count + line.count <= maximumWaiting else {
                state.lost += 1
                state.lostInAll += 1
                return false
            }
            state.waiting.append(contentsOf: line)
            return state.waiting.count == line.count
        }
        if wasEmpty { signal.wake() }
    }

    /// How many lines nobody will ever read.
    package var linesLost: Int64 { state.withLock { $0.lostInAll } }

    /// Has a thread of its own write, until ``end(milliseconds:)``. Signals go to other threads, also where those are yet to
    /// take them over.
    package func start(thread name: String) throws(SystemError) {
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_BLOCK, &all, &before)
        // A thread begins with what is blocked where it is started.
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        _ = try WorkerThread(name) { [self] in
            run()
            ended.wake()
        }
    }

    /// Closes a log that was started, and waits until everything is out, at most so long.
    package func end(milliseconds: Int32) {
        close()
        ended.wait(milliseconds: milliseconds)
    }

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
            tellFailure(SystemError("open \(name) \(path) again"))
            return false
        }
        // Under the number that it has, the old file makes place for the new one.
        let isReplaced = cp_replace_descriptor(output.number, number) == 1
        _ = Glibc.close(number)
        return isReplaced
    }

    /// How the writing goes.
    private struct Writing {
        /// Lines that nobody will read, and that no line has told of.
        var lost: Int64 = 0
        var isFailing = false
        /// The last line that was begun could not be ended.
        var isInsideLine = false
    }

    private func write(_ lines: [UInt8], _ writing: inout Writing) {
        var bytes = writing.isInsideLine ? [UInt8(ascii: "\n")] + lines : lines
        if writing.lost > 0 { bytes += lostLine(writing.lost) }
        guard !bytes.isEmpty else { return }
        let written = writeAll(bytes)
        guard written < bytes.count else {
            writing = Writing()
            return
        }
        // The reader has gone, or the disk is full: the gateway goes on without.
        if !writing.isFailing { tellFailure(SystemError("write \(name)")) }
        writing.isFailing = true
        let ends = bytes[..<written].count { $0 == UInt8(ascii: "\n") }
        // The first of them may end a line that was lost before.
        let whole = max(0, writing.isInsideLine ? ends - 1 : ends)
        let lost = Int64(max(0, lines.count { $0 == UInt8(ascii: "\n") } - whole))
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
            } else if errno == EAGAIN {
                // Others who share the descriptor may have made it one that does not block.
                waitForRoom()
            } else if errno != EINTR {
                break
            }
        }
        return offset
    }

    private func waitForRoom() {
        var watched = pollfd(fd: output.number, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&watched, 1, -1)
    }
}
