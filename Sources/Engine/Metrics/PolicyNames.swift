internal import PolicyModel

/// The names of one policy that may be values of labels: no other text that an operator or a peer has chosen may.
struct PolicyNames: Sendable {
    /// Stands for a name that was in a policy before, where connections of that time still live. No name has brackets.
    static let removed = "(removed)"

    let listeners: Set<String>
    let routes: Set<String>
    let upstreams: Set<String>
    let issuers: Set<String>
    /// Message rules and rates, by their route.
    let rules: [String: Set<String>]
    let rates: [String: Set<String>]

    /// Of no policy.
    init() {
        (listeners, routes, upstreams, issuers) = ([], [], [], [])
        (rules, rates) = ([:], [:])
    }

    init(_ policy: Policy) {
        listeners = Set(policy.listeners.map(\.name))
        routes = Set(policy.routes.map(\.name))
        upstreams = Set(policy.upstreams.map(\.name))
        issuers = Set(policy.tokenIssuers.map(\.name))
        let named = policy.routes.map { route in
            (route.name, Set(route.messages.map(\.name)), Set(route.rates.map(\.name)))
        }
        rules = Dictionary(named.map { ($0.0, $0.1) }) { first, _ in first }
        rates = Dictionary(named.map { ($0.0, $0.2) }) { first, _ in first }
    }

    /// The name of a route as a label has it: empty where there was none.
    func label(ofRoute name: String?) -> String {
        guard let name else { return "" }
        return routes.contains(name) ? name : Self.removed
    }

    func label(ofUpstream name: String) -> String { upstreams.contains(name) ? name : Self.removed }

    /// Whether all names in a series are in this policy, or stand for what is in none.
    func holds(_ series: Series) -> Bool {
        zip(series.metric.labels, series.labels).allSatisfy { label, value in
            if value.isEmpty || value == Self.removed { return true }
            switch label {
            case "listener": return listeners.contains(value)
            case "route": return routes.contains(value)
            case "upstream": return upstreams.contains(value)
            case "issuer": return issuers.contains(value)
            case "rule": return rules[series.labels[0]]?.contains(value) ?? false
            case "rate": return rates[series.labels[0]]?.contains(value) ?? false
            default: return true
            }
        }
    }
}
