internal import CCurl
internal import CCurlOptions
internal import Locking

/// Calls out to other services over HTTP/1.1, by libcurl, on one thread of its own.
///
/// Any thread may send. Connections are kept and used again. Nothing around the process steers a request: no proxy of the
/// environment, no `.netrc`, no cookies, no redirects, no other protocols; certificates are always checked.
package final class HTTPClient: Sendable {
    /// Of an answer's header fields together.
    package static let maximumFieldBytes = 65_536

    /// A request and who waits for it.
    struct Submission: Sendable {
        let request: HTTPRequest
        let deadline: SuspendingClock.Instant
        let completion: @Sendable (Result<HTTPResponse, HTTPFailure>) -> Void
    }

    private struct State {
        /// In the order in which they came.
        var waiting: [Submission] = []
        var isRunning = false
        var isStopped = false
    }

    private let state = Lock(State())
    private let multi: MultiHandle
    private let maximumAlive: Int
    private let maximumWaiting: Int

    /// - Parameters:
    ///   - maximumAlive: requests on their way at once.
    ///   - maximumWaiting: requests that wait for a turn; one more fails at once.
    package init(maximumAlive: Int = 64, maximumWaiting: Int = 1024) throws(HTTPFailure) {
        multi = try MultiHandle(connections: maximumAlive)
        self.maximumAlive = max(1, maximumAlive)
        self.maximumWaiting = max(0, maximumWaiting)
    }

    /// Sends a request as soon as there is a turn for it. `completion` is called exactly once: on the client's thread, which
    /// must not be kept, or before this returns where the request is refused at once.
    package func send(
        _ request: HTTPRequest, completion: @escaping @Sendable (Result<HTTPResponse, HTTPFailure>) -> Void
    ) {
        guard request.isSendable else { return completion(.failure(.invalidRequest)) }
        let submission = Submission(
            request: request, deadline: .now.advanced(by: request.timeout), completion: completion)
        let failure = state.withLock { state -> HTTPFailure? in
            guard !state.isStopped else { return .stopped }
            // Those that a turn waits for already are no queue.
            guard state.waiting.count < maximumWaiting + maximumAlive else { return .overloaded }
            state.waiting.append(submission)
            return nil
        }
        if let failure { return completion(.failure(failure)) }
        multi.wake()
    }

    /// Sends and receives until it is stopped: the client's thread. Runs once; what was sent before waits for it.
    package func run() {
        let isFirst = state.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning && !state.isStopped
        }
        guard isFirst else { return }
        cco_block_pipe_signal()
        let transfers = Transfers(multi)
        while !state.withLock({ $0.isStopped }) {
            let (next, patience) = turn(alive: transfers.count)
            var hasFailed = false
            for submission in next where !transfers.start(submission) { hasFailed = true }
            transfers.perform()
            // Where one has ended, another may have its turn.
            if !transfers.finishEnded(), !hasFailed { multi.wait(milliseconds: patience) }
        }
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        transfers.endAll()
        for submission in waiting { submission.completion(.failure(.stopped)) }
    }

    /// Ends all requests, and takes no more.
    package func stop() {
        let abandoned = state.withLock { state -> [Submission] in
            state.isStopped = true
            // Nobody else would tell them.
            guard !state.isRunning else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for submission in abandoned { submission.completion(.failure(.stopped)) }
        multi.wake()
    }

    /// Those whose turn it is, and for how long the others may be left alone. Those whose time is over are told.
    private func turn(alive: Int) -> (next: [Submission], patience: Int32) {
        let now = SuspendingClock.now
        let (next, late, patience) = state.withLock { state -> ([Submission], [Submission], Int32) in
            guard !state.waiting.isEmpty else { return ([], [], 60_000) }
            let late = state.waiting.filter { $0.deadline <= now }
            if !late.isEmpty { state.waiting.removeAll { $0.deadline <= now } }
            let next = Array(state.waiting.prefix(maximumAlive - alive))
            state.waiting.removeFirst(next.count)
            let nearest = state.waiting.map(\.deadline).min() ?? now.advanced(by: .seconds(60))
            return (next, late, Int32(clamping: now.duration(to: nearest).wholeMilliseconds))
        }
        for submission in late { submission.completion(.failure(.timedOut)) }
        return (next, patience)
    }
}

extension Duration {
    /// Rounded up, so that who waits for so long is not early.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow
            ? .max
            : whole.addingReportingOverflow((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000).partialValue
    }
}
