internal import Glibc
internal import Locking
internal import Logging
internal import PolicyModel
internal import WebSocketProtocol

/// Who may ask what.
///
/// Over the socket in the state folder that is whoever may open it. Over TCP it is who shows the token; and since every page that
/// a browser on this machine shows can reach a loopback address, what a browser sends is refused, with the token or without it.
final class AdminAccess: Sendable {
    /// What monitors ask that hold no secret: a word, and nothing else.
    static let open: Set<String> = ["/healthz", "/readyz"]
    /// Between two lines in the log about tokens that do not hold.
    private static let logInterval: Nanoseconds = 10_000_000_000

    /// How long who shows no good token waits for the answer, in milliseconds.
    private let penalty: Int32
    private let logger: Logger
    private let failures = Lock((count: 0, nextLog: Nanoseconds.min))

    init(logger: Logger, penalty: Int32 = 1000) {
        self.logger = logger
        self.penalty = penalty
    }

    /// Throws what is said to those who may not ask this.
    func check(_ request: AdminRequest, at door: AdminDoor?) throws(AdminRefusal) {
        guard !request.head.headers.contains("Origin") else {
            throw AdminRefusal(
                status: 403, error: "browser-refused", message: "no web page may ask here: leave Origin out")
        }
        guard case .address(let address) = request.peer else { return }
        // A name that a stranger's DNS has pointed at this machine (DNS rebinding).
        guard request.head.host.isLoopback else {
            throw AdminRefusal(
                status: 403, error: "host-refused", message: "Host must be localhost or a loopback address")
        }
        guard !Self.open.contains(request.head.target.path) else { return }
        let fields = request.head.headers.values("Authorization")
        // It may have moved since the connection was accepted: then nobody is admitted by it any more.
        guard fields.count < 2, door?.admits(authorization: fields.first) == true else {
            tellFailure(address)
            poll(nil, 0, penalty)
            throw AdminRefusal(
                status: 401, error: "unauthorized",
                message: "send Authorization: Bearer and the token of the policy's admin.token_file",
                fields: [HeaderField(name: "WWW-Authenticate", value: "Bearer realm=\"portcullis\"")])
        }
    }

    private func tellFailure(_ address: SocketAddress) {
        let now = SystemClock.monotonic()
        let told = failures.withLock { failures -> Int? in
            failures.count += 1
            guard now >= failures.nextLog else { return nil }
            defer { failures = (0, now.saturatingAdd(Self.logInterval)) }
            return failures.count
        }
        guard let told else { return }
        logger.warning(
            "admin: no good token was shown", metadata: ["client": "\(address)", "times": "\(told)"])
    }
}
