import PolicyModel

/// Which parts of a policy the tests have touched.
struct PolicyCoverage {
    /// Something that decides.
    struct Part: Hashable {
        /// For people: "`origin` of the route `chat`".
        let name: String
        let position: SourcePosition
    }

    /// In the policy's order.
    let parts: [Part]
    private var touched: Set<SourcePosition> = []

    init(of policy: Policy) {
        var parts: [Part] = []
        for listener in policy.listeners {
            parts += listener.admission.map {
                Part(name: "`\($0.settings.name)` of the listener `\(listener.name)`", position: $0.position)
            }
        }
        for route in policy.routes {
            let owner = "of the route `\(route.name)`"
            parts.append(Part(name: "the route `\(route.name)`", position: route.position))
            parts += route.middleware.map { Part(name: "`\($0.settings.name)` \(owner)", position: $0.position) }
            parts += route.rates.map { Part(name: "`\($0.name)` \(owner)", position: $0.position) }
            parts += route.messages.map { Part(name: "the message rule `\($0.name)` \(owner)", position: $0.position) }
        }
        self.parts = parts
    }

    mutating func touch(_ positions: some Sequence<SourcePosition>) {
        touched.formUnion(positions)
    }

    /// In the policy's order.
    var untouched: [Part] { parts.filter { !touched.contains($0.position) } }
}
