internal import Crypto
internal import HTTPClient
internal import Locking
internal import Logging
internal import Middleware
internal import PolicyModel

/// Questions to authorisation services, carried by HTTP.
final class AuthorizationCalls: AuthorizationService {
    /// To one service at once, and how many wait for that.
    static let maximumAlive = 32
    static let maximumWaiting = 512

    private struct Call: Sendable {
        let request: AuthorizationRequest
        let deadline: Nanoseconds
        let answered: @Sendable (AuthorizationAnswer?) -> Void
    }

    private let client: HTTPClient
    private let resolve: @Sendable (String) -> String
    private let metrics: GatewayMetrics
    private let logger: Logger
    private let turns = Lock(CallTurns<Call>(maximumAlive: maximumAlive, maximumWaiting: maximumWaiting))
    /// What one service does wrong is told now and then, however many handshakes it keeps out: each has its audit record.
    private let notice = Lock(RepeatedNotice())

    /// `resolve` turns a policy's path into one of the file system.
    init(
        client: HTTPClient, resolve: @escaping @Sendable (String) -> String, metrics: GatewayMetrics = GatewayMetrics(),
        logger: Logger
    ) {
        self.metrics = metrics
        self.client = client
        self.resolve = resolve
        self.logger = logger
    }

    func ask(_ request: AuthorizationRequest, answered: @escaping @Sendable (AuthorizationAnswer?) -> Void) {
        let deadline = SystemClock.monotonic().saturatingAdd(request.timeout.nanoseconds)
        let call = Call(request: request, deadline: deadline, answered: answered)
        switch turns.withLock({ $0.take(call, of: request.url) }) {
        case .now: send(call)
        case .later: break
        case .never:
            metrics.add(.authorizationCalls, "not-asked")
            tell(request.url, "too many handshakes wait for it already")
            answered(nil)
        }
    }

    func digest(_ bytes: [UInt8]) -> [UInt8] { Digest.sha256(bytes) }

    /// Sends a call whose turn it is, with what is left of its time.
    private func send(_ call: Call) {
        let left = call.deadline - SystemClock.monotonic()
        guard left > 0 else { return end(call, .failure(.timedOut)) }
        let request = HTTPRequest(
            .get, call.request.url, headers: call.request.headers, timeout: .nanoseconds(left),
            authorityFile: call.request.authority.map(resolve))
        client.send(request) { [self] result in end(call, result) }
    }

    private func end(_ call: Call, _ result: Result<HTTPResponse, HTTPFailure>) {
        metrics.add(.authorizationCalls, Self.label(of: result))
        switch result {
        case .success(let response):
            if !Self.isExpected(response.status) { tell(call.request.url, "it answered \(response.status)") }
            call.answered(AuthorizationAnswer(status: response.status, headers: response.headers))
        case .failure(let failure):
            tell(call.request.url, failure.description)
            call.answered(nil)
        }
        if let next = turns.withLock({ $0.next(of: call.request.url) }) { send(next) }
    }

    /// Whether a service that answers so has said yes or no.
    private static func isExpected(_ status: Int) -> Bool {
        (200..<300).contains(status) || status == 401 || status == 403
    }

    private static func label(of result: Result<HTTPResponse, HTTPFailure>) -> String {
        guard case .success(let response) = result else { return "failed" }
        return switch response.status {
        case 200..<300: "admitted"
        case 401: "required"
        case 403: "denied"
        default: "unexpected"
        }
    }

    private func tell(_ url: String, _ reason: String) {
        // What stands behind the question mark may be a secret.
        let service = String(url.prefix { $0 != "?" })
        let now = SystemClock.monotonic()
        guard notice.withLock({ $0.happened(to: service, now: now) }) != nil else { return }
        logger.warning(
            "authorization service gives no usable answer: handshakes are refused",
            metadata: ["service": "\(service)", "reason": "\(reason)"])
    }
}
