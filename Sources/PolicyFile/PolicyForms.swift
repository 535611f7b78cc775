import PolicyModel

/// The nodes out of which the forms of routes are made once everything has been read: a route may name what stands in a file
/// behind its own.
struct PolicyForms {
    private var routes: [String: YAMLNode] = [:]
    private var issuers: [String: YAMLNode] = [:]

    mutating func note(route name: String, _ node: YAMLNode) { routes[name] = node }

    mutating func note(issuer name: String, _ node: YAMLNode) { issuers[name] = node }

    /// What a route says, and the token issuers that it names.
    func form(of route: RoutePolicy) -> PolicyForm {
        var hasher = Hasher()
        routes[route.name]?.feed(&hasher)
        for name in Self.issuers(of: route) { issuers[name]?.feed(&hasher) }
        return PolicyForm(hasher)
    }

    private static func issuers(of route: RoutePolicy) -> [String] {
        route.middleware.flatMap { entry in
            if case .token(let settings) = entry.settings { settings.issuers } else { [String]() }
        }
    }
}
