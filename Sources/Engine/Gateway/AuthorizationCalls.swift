internal import Crypto
internal import HTTPClient
internal import Locking
internal import Logging
internal import Middleware

/// Questions to authorisation services, carried by HTTP.
final class AuthorizationCalls: AuthorizationService {
    /// What one service does wrong is told as often as that, however many handshakes it keeps out: each has its audit record.
    private static let silence: Nanoseconds = 10_000_000_000
    private static let maximumServices = 256

    private let client: HTTPClient
    private let resolve: @Sendable (String) -> String
    private let logger: Logger
    /// When each service was last told of, by its name in the log.
    private let told = Lock<[String: Nanoseconds]>([:])

    /// `resolve` turns a policy's path into one of the file system.
    init(client: HTTPClient, resolve: @escaping @Sendable (String) -> String, logger: Logger) {
        self.client = client
        self.resolve = resolve
        self.logger = logger
    }

    func ask(_ request: AuthorizationRequest, answered: @escaping @Sendable (AuthorizationAnswer?) -> Void) {
        let call = HTTPRequest(
            .get, request.url, headers: request.headers, timeout: request.timeout,
            authorityFile: request.authority.map(resolve))
        client.send(call) { [self] result in
            switch result {
            case .success(let response):
                if !Self.isExpected(response.status) { tell(request.url, "it answered \(response.status)") }
                answered(AuthorizationAnswer(status: response.status, headers: response.headers))
            case .failure(let failure):
                tell(request.url, failure.description)
                answered(nil)
            }
        }
    }

    func digest(_ bytes: [UInt8]) -> [UInt8] { Digest.sha256(bytes) }

    /// Whether a service that answers so has said yes or no.
    private static func isExpected(_ status: Int) -> Bool {
        (200..<300).contains(status) || status == 401 || status == 403
    }

    private func tell(_ url: String, _ reason: String) {
        // What stands behind the question mark may be a secret.
        let service = String(url.prefix { $0 != "?" })
        let now = SystemClock.monotonic()
        let isDue = told.withLock { told in
            if let last = told[service], now - last < Self.silence { return false }
            if told.count >= Self.maximumServices { told = [:] }
            told[service] = now
            return true
        }
        guard isDue else { return }
        logger.warning(
            "authorization service gives no usable answer: handshakes are refused",
            metadata: ["service": "\(service)", "reason": "\(reason)"])
    }
}
