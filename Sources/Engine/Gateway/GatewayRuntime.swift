internal import Crypto
internal import Middleware
internal import PolicyModel
internal import Tokens
internal import WebSocketProtocol

/// The policy in force, made ready to run: what every handshake reads, and nobody changes. A changed policy is another one.
final class GatewayRuntime: Sendable {
    /// Short and stable: the same files give the same version.
    let policyVersion: String
    /// What the policy was read from.
    let files: [PolicyText]
    let limits: GatewayLimits
    let listeners: [Listener]
    let router: Router
    /// By the router's index.
    let routes: [RouteRuntime]
    let upstreams: [UpstreamTarget]
    /// What metrics may be told apart by.
    let names: PolicyNames
    /// The keys of the issuers of the kind `jwt`.
    let keyRings: [KeyRing]
    /// Where operators come in beside the socket in the state folder; nil where the policy says nothing of it.
    let adminDoor: AdminDoor?
    /// What it means for connections that live.
    let changes: PolicyChanges
    /// Its routes and listeners are what the next one is compared with.
    private let policy: Policy
    private let memory: MiddlewareMemory
    private let listenersByName: [String: Listener]

    /// Reads the certificates and the keys that are in files. What the runtime `before` this one has learnt goes on in it:
    /// rates and counts of clients, live connections, addresses of upstreams, keys of issuers.
    init(
        _ versioned: VersionedPolicy, _ services: GatewayServices, adminDoor: AdminDoor? = nil,
        after before: GatewayRuntime? = nil
    ) throws(CryptoError) {
        let resolve = services.resolve
        self.adminDoor = adminDoor
        let policy = versioned.policy
        policyVersion = versioned.version
        files = versioned.files
        changes = before.map { PolicyChanges(from: $0.policy, to: policy) } ?? PolicyChanges()
        self.policy = policy
        limits = policy.limits
        names = PolicyNames(policy)
        let issuers = try Self.foreignIssuers(policy, services.keyWatcher, resolve: resolve, after: before)
        keyRings = issuers.rings
        var environment = MiddlewareEnvironment(
            tokens: TokenIssuers(services.tokens, foreign: issuers.issuers, observe: Self.counting(services.metrics)),
            uses: services.uses, signer: services.signer)
        environment.authorization = services.authorization
        environment.extensions = services.extensions
        environment.memory = before?.memory.succeeding ?? MiddlewareMemory()
        var listeners: [Listener] = []
        for listener in policy.listeners {
            listeners.append(
                try Listener(
                    listener, environment: &environment, resolve: resolve,
                    after: before?.listenersByName[listener.name]))
        }
        let known = Dictionary((before?.upstreams ?? []).map { ($0.policy.name, $0) }) { first, _ in first }
        let upstreams = Dictionary(
            policy.upstreams.map { ($0.name, UpstreamTarget($0, after: known[$0.name])) }
        ) { first, _ in first }
        try Self.checkAuthorities(policy, resolve: resolve)
        routes = RouteRuntime.all(of: policy, to: upstreams, environment: &environment)
        self.listeners = listeners
        self.upstreams = Array(upstreams.values)
        router = Router(routes: routes.map(\.policy))
        memory = environment.memory
        listenersByName = Dictionary(listeners.map { ($0.policy.name, $0) }) { first, _ in first }
    }

    /// An authority that cannot be read would only be found when the first handshake is refused for it.
    private static func checkAuthorities(_ policy: Policy, resolve: (String) -> String) throws(CryptoError) {
        for entry in policy.routes.flatMap(\.middleware) {
            guard case .authorize(let settings) = entry.settings, let authority = settings.authority else { continue }
            _ = try TLSClientContext(authorityFile: resolve(authority))
        }
    }

    private static func foreignIssuers(
        _ policy: Policy, _ watcher: KeyWatcher?, resolve: (String) -> String, after before: GatewayRuntime?
    ) throws(CryptoError) -> (issuers: [JWTIssuer], rings: [KeyRing]) {
        var issuers: [JWTIssuer] = []
        var rings: [KeyRing] = []
        for issuer in policy.tokenIssuers {
            guard case .jwt(let settings) = issuer.kind else { continue }
            let source = settings.keys.resolved(resolve)
            let ring = watcher?.ring(
                issuer: issuer.name, source: source, after: before?.keyRings.first { $0.issuer == issuer.name })
            if let ring {
                try watcher?.readFile(ring)
                rings.append(ring)
            }
            issuers.append(
                JWTIssuer(
                    name: issuer.name, rules: JWTRules(settings), keys: ring?.keys ?? TokenKeys(), source: ring))
        }
        return (issuers, rings)
    }

    private static func counting(_ metrics: GatewayMetrics) -> TokenIssuers.Observer {
        { issuer, failure in
            metrics.add(.tokenVerifications, issuer, failure.map { RefusalReason($0).rawValue } ?? "valid")
        }
    }

    /// How live connections of the route of that name may bring a fresh token; nil where they may not.
    func renewal(ofRoute name: String?) -> TokenRenewal? {
        routes.first { $0.policy.name == name }?.chain.renewal
    }

    /// What `listener` is in this policy; nil where this policy no longer has it.
    func successor(of listener: Listener) -> Listener? {
        listenersByName[listener.policy.name]
    }
}

/// One route with its chain and its upstream.
struct RouteRuntime: Sendable {
    let policy: RoutePolicy
    let chain: MiddlewareChain
    let upstream: UpstreamTarget
    let terms: RelayTerms

    /// Those of a policy, in its order, each with one of `upstreams`, which are named as the policy names them.
    static func all(
        of policy: Policy, to upstreams: [String: UpstreamTarget], environment: inout MiddlewareEnvironment
    ) -> [RouteRuntime] {
        var routes: [RouteRuntime] = []
        for route in policy.routes {
            guard let upstream = upstreams[route.upstream] else { continue }
            routes.append(RouteRuntime(route, upstream: upstream, environment: &environment))
        }
        return routes
    }

    init(_ policy: RoutePolicy, upstream: UpstreamTarget, environment: inout MiddlewareEnvironment) {
        self.policy = policy
        self.upstream = upstream
        let name = "route \(policy.name)"
        chain = MiddlewareChain(entries: policy.middleware, name: name, environment: &environment)
        terms = RelayTerms(
            policy, rules: MessageRules(policy.messages, of: name, renewal: chain.renewal, in: &environment),
            rates: TrafficRates(policy.rates, of: name, in: &environment))
    }
}

/// What a route's connections keep of it while they live: little, since it may outlive its policy by as much as they do.
final class RelayTerms: Sendable {
    let limits: RouteLimits
    let timeouts: RouteTimeouts
    let rules: MessageRules
    let rates: TrafficRates

    init(_ policy: RoutePolicy, rules: MessageRules, rates: TrafficRates) {
        limits = policy.limits
        timeouts = policy.timeouts
        self.rules = rules
        self.rates = rates
    }

    /// What its frames may be.
    var messageLimits: MessageLimits {
        MessageLimits(messageBytes: limits.messageBytes, fragments: limits.fragments)
    }

    /// What the rules say of the messages of one direction.
    func plan(
        from sender: MessageSender, _ facts: ConnectionFacts, _ buckets: MessageBuckets, journal: (any MessageJournal)?
    ) -> MessagePlan {
        MessagePlan(
            rules, from: sender, of: facts, maximumBytes: limits.messageBytes, buckets: buckets, journal: journal)
    }
}
