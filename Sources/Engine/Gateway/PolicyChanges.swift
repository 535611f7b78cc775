internal import PolicyModel

/// What a policy means for the live connections of the one before it.
struct PolicyChanges: Sendable, Hashable {
    /// Names of routes, as they were admitted by or judged again by last, whose connections are judged again.
    private(set) var routes: Set<String> = []
    /// Names of listeners whose connections are judged again by their admission.
    private(set) var listeners: Set<String> = []
    /// Whether the router may lead somewhere else than before: of each connection it is asked again.
    private(set) var isRouting = false
    /// Names of routes whose connections are left alone, whatever has changed.
    private var keeping: Set<String> = []

    /// There was none before.
    init() {}

    /// What says the same has not changed. Of a route that is gone the policy `before` has said what is to become of its
    /// connections; connections of a listener that is gone outlive it.
    init(from before: Policy, to policy: Policy) {
        let known = Dictionary(before.routes.map { ($0.name, $0) }) { first, _ in first }
        let names = Set(policy.routes.map(\.name))
        for route in policy.routes {
            if route.onPolicyChange == .keep {
                keeping.insert(route.name)
            } else if known[route.name]?.form != route.form {
                // One that was not there may still have connections of a policy before that one.
                routes.insert(route.name)
            }
        }
        for route in before.routes where !names.contains(route.name) {
            if route.onPolicyChange == .keep { keeping.insert(route.name) } else { routes.insert(route.name) }
        }
        let admissions = Dictionary(before.listeners.map { ($0.name, $0.admissionForm) }) { first, _ in first }
        // One that was not there may still have connections of a policy before that one.
        for listener in policy.listeners where (admissions[listener.name] ?? .none) != listener.admissionForm {
            listeners.insert(listener.name)
        }
        isRouting = before.routes.map(Signpost.init) != policy.routes.map(Signpost.init)
    }

    /// By what a connection is to be judged again: nothing, in most cases. `route` is nil before it has one.
    func scope(listener: String, route: String?) -> RecheckScope {
        var scope: RecheckScope = []
        guard !isKept(route) else { return [] }
        if let route {
            if routes.contains(route) { scope.insert(.route) }
            if isRouting { scope.insert(.router) }
        }
        if listeners.contains(listener) { scope.insert(.admission) }
        return scope
    }

    func isKept(_ route: String?) -> Bool { route.map { keeping.contains($0) } ?? false }

    var isEmpty: Bool { routes.isEmpty && listeners.isEmpty && !isRouting }
}

/// What of a route the router goes by.
private struct Signpost: Hashable {
    let name: String
    let hosts: [String]
    let path: RouteMatch.Path

    init(_ route: RoutePolicy) {
        (name, hosts, path) = (route.name, route.match.hosts, route.match.path)
    }
}

/// By what a live connection is to be judged again.
struct RecheckScope: OptionSet, Sendable {
    let rawValue: UInt8

    /// The listener's admission.
    static let admission = RecheckScope(rawValue: 1)
    /// The router and the chain of the route that it finds.
    static let route = RecheckScope(rawValue: 2)
    /// The same, if the router finds another route than the one that it stands on.
    static let router = RecheckScope(rawValue: 4)
}
