/// How often message rules acted on one connection. As long as the list of rules that ever did, which the policy bounds.
struct RuleHits {
    struct Hit {
        let rule: String
        let isShadow: Bool
        var count: Int64
    }

    private(set) var hits: [Hit] = []

    mutating func count(_ rule: String, isShadow: Bool) {
        if let index = hits.firstIndex(where: { $0.rule == rule && $0.isShadow == isShadow }) {
            hits[index].count += 1
        } else {
            hits.append(Hit(rule: rule, isShadow: isShadow, count: 1))
        }
    }
}
