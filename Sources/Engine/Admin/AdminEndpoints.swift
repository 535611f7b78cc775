internal import Logging
internal import Tokens
internal import WebSocketProtocol

/// What operators can ask of a gateway.
final class AdminEndpoints: Sendable {
    let control: GatewayControl
    let stateDirectory: String
    /// nil while the gateway has no place in its state folder.
    let socketPath: @Sendable () -> String?
    let logger: Logger
    let startedAt = SystemClock.unixMilliseconds()
    private let startedMonotonic = SystemClock.monotonic()

    /// Something that can be asked.
    private struct Endpoint: Sendable {
        let method: String
        let path: String
        let act: Act

        typealias Act = @Sendable (AdminEndpoints) -> (AdminRequest) throws(AdminRefusal) -> AdminAnswer

        init(_ method: String, _ path: String, _ act: @escaping Act) {
            self.method = method
            self.path = path
            self.act = act
        }
    }

    private static let all = [
        Endpoint("GET", "/status", AdminEndpoints.status),
        Endpoint("POST", "/reload", AdminEndpoints.reload),
        Endpoint("POST", "/drain", AdminEndpoints.drain),
        Endpoint("GET", "/connections", AdminEndpoints.connections),
        Endpoint("POST", "/connections/close", AdminEndpoints.close),
        Endpoint("GET", "/tokens", AdminEndpoints.tokens),
        Endpoint("POST", "/tokens", AdminEndpoints.issue),
        Endpoint("POST", "/tokens/revoke", AdminEndpoints.revoke),
        Endpoint("GET", "/policy", AdminEndpoints.policy),
        Endpoint("GET", "/healthz", AdminEndpoints.health),
        Endpoint("GET", "/readyz", AdminEndpoints.readiness),
        Endpoint("GET", "/metrics", AdminEndpoints.metrics),
    ]

    init(
        control: GatewayControl, stateDirectory: String, socketPath: @escaping @Sendable () -> String?, logger: Logger
    ) {
        self.control = control
        self.stateDirectory = stateDirectory
        self.socketPath = socketPath
        self.logger = logger
    }

    /// How long the gateway has run.
    var uptime: Nanoseconds { SystemClock.monotonic() - startedMonotonic }

    func answer(_ request: AdminRequest) throws(AdminRefusal) -> AdminAnswer {
        let there = Self.all.filter { $0.path == request.head.target.path }
        guard !there.isEmpty else {
            let list = Self.all.map { "\($0.method) \($0.path)" }.joined(separator: ", ")
            throw AdminRefusal(status: 404, error: "not-found", message: "there is no such endpoint; there are \(list)")
        }
        let method = request.head.method == "HEAD" ? "GET" : request.head.method
        guard let endpoint = there.first(where: { $0.method == method }) else {
            let allowed = there.flatMap { $0.method == "GET" ? ["GET", "HEAD"] : [$0.method] }.joined(separator: ", ")
            throw AdminRefusal(
                status: 405, error: "method-not-allowed", message: "\(request.head.target.path) takes \(allowed)",
                fields: [HeaderField(name: "Allow", value: allowed)])
        }
        return try endpoint.act(self)(request)
    }

    /// What every change made by an operator leaves in the operational log. Never a secret.
    func tell(_ what: String, _ request: AdminRequest, _ metadata: Logger.Metadata = [:]) {
        let door =
            switch request.peer {
            case .process: "socket"
            case .address: "tcp"
            }
        logger.notice(
            "admin: \(what)",
            metadata: metadata.merging(["door": "\(door)", "peer": "\(request.peer)"]) { own, _ in own })
    }

    /// The workers' answers, nil for one that is too busy. Throws where the system has no descriptor to ask with.
    func ask<Answer: Sendable>(
        _ question: @escaping @Sendable (SessionHost) -> Answer
    ) throws(AdminRefusal) -> [Answer?] {
        do throws(SystemError) {
            // Workers that have ended do not answer any more.
            return try control.workers.ask(patience: control.isDraining ? 200 : 2000, question)
        } catch {
            throw AdminRefusal(
                status: 503, error: "out-of-descriptors", message: "the workers cannot be asked: \(error)")
        }
    }
}
