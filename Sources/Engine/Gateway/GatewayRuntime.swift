internal import Middleware
internal import PolicyModel

/// The policy in force, made ready to run: what every handshake reads, and nobody changes.
final class GatewayRuntime: Sendable {
    /// Short and stable: the same files give the same version.
    let policyVersion: String
    let router: Router
    /// By the router's index.
    let routes: [RouteRuntime]

    init(_ policy: Policy, version: String, environment: MiddlewareEnvironment, upstreams: [String: UpstreamTarget]) {
        policyVersion = version
        let served = policy.routes.compactMap { route in
            upstreams[route.upstream].map { upstream in
                RouteRuntime(
                    policy: route, chain: MiddlewareChain(entries: route.middleware, environment: environment),
                    upstream: upstream)
            }
        }
        routes = served
        router = Router(routes: served.map(\.policy))
    }
}

/// One route with its chain and its upstream.
struct RouteRuntime: Sendable {
    let policy: RoutePolicy
    let chain: MiddlewareChain
    let upstream: UpstreamTarget
}
