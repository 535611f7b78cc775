internal import Middleware
internal import PolicyModel

/// How often the message rules and the rates of one route, as one policy has them, have acted on one worker: an addition for
/// each time, and no more.
final class RuleMeter {
    /// Kept, so that nothing else is ever taken for it.
    let terms: RelayTerms
    private let route: String
    /// Enforced and in shadow mode, by the places of rules in the policy's list.
    private var rules: [(enforced: Int64, shadow: Int64)]
    private var rates: [Int64]

    init(_ terms: RelayTerms, route: String) {
        self.terms = terms
        self.route = route
        rules = Array(repeating: (0, 0), count: terms.rules.count)
        rates = Array(repeating: 0, count: terms.rates.count)
    }

    func count(_ hit: RuleHit) {
        if hit.isShadow { rules[hit.rule].shadow &+= 1 } else { rules[hit.rule].enforced &+= 1 }
    }

    /// The rate of that index has acted so many times.
    func count(rate: Int, _ count: Int64) { rates[rate] &+= count }

    /// Adds what has been counted to `counts`, under the names that `names` still has.
    func add(to counts: inout Counts, _ names: PolicyNames) {
        let label = names.label(ofRoute: route)
        for (index, hits) in rules.enumerated() {
            let name = terms.rules.name(of: index)
            let rule = names.rules[route]?.contains(name) ?? false ? name : PolicyNames.removed
            for (mode, count) in [(EnforcementMode.enforce, hits.enforced), (.shadow, hits.shadow)] where count > 0 {
                counts.add(.ruleHits, label, rule, mode.rawValue, count: count)
            }
        }
        for (index, count) in rates.enumerated() where count > 0 {
            let rate = terms.rates[index]
            let name = names.rates[route]?.contains(rate.name) ?? false ? rate.name : PolicyNames.removed
            counts.add(.rateHits, label, name, rate.mode.rawValue, count: count)
        }
    }

    /// Begins anew.
    func reset() {
        for index in rules.indices { rules[index] = (0, 0) }
        for index in rates.indices { rates[index] = 0 }
    }
}
