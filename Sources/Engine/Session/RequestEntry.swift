internal import Middleware
internal import PolicyModel
internal import WebSocketProtocol

/// A request head on its way to a route's chain: what the policy alone says of it, without a socket or a clock.
struct RequestEntry: Sendable {
    let head: RequestHead
    /// Whom it is really from.
    let clientAddress: IPAddress
    /// The subject of the certificate that the client has shown and TLS has verified.
    let clientCertificate: String?
    let requestID: String

    /// Where it leads.
    enum Outcome {
        /// To this route's chain, which judges by this context.
        case enters(HandshakeContext, RouteRuntime)
        /// To this route, which cannot take it for a handshake.
        case unfit(HandshakeError, RouteRuntime)
        /// Nowhere.
        case noRoute

        /// nil for one that leads on.
        var refusal: Refusal? {
            switch self {
            case .enters: nil
            case .unfit(let error, _): Refusal(of: error)
            case .noRoute: Refusal(.routeNotFound)
            }
        }
    }

    /// Finds the route; `routes` are by the router's index. Only what a route wants is read as a handshake.
    func find(_ router: Router, _ routes: [RouteRuntime], at time: HandshakeTime) -> Outcome {
        guard let index = router.route(host: head.host.name, path: head.target.path) else {
            return .noRoute
        }
        let route = routes[index]
        do throws(HandshakeError) {
            let request = try UpgradeRequest(head)
            // RFC 6455 section 9.1: a list that cannot be read ends the handshake, where anybody reads it.
            if route.policy.compression != .strip { _ = try request.deflateOffers() }
            return .enters(context(request, at: time), route)
        } catch {
            return .unfit(error, route)
        }
    }

    func context(
        _ request: UpgradeRequest, at time: HandshakeTime, purpose: HandshakePurpose = .connection
    ) -> HandshakeContext {
        HandshakeContext(
            request: request, clientAddress: clientAddress, clientCertificate: clientCertificate, requestID: requestID,
            time: time, purpose: purpose)
    }
}
