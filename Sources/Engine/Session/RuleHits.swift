internal import Middleware

/// How often message rules acted on the messages of one peer. As long as the list of rules that ever did, which the policy
/// bounds.
struct RuleHits {
    struct Hit {
        /// By its place in the route's `messages`.
        let rule: Int
        let isShadow: Bool
        var count: Int64
        /// Where the last message did not fit a schema.
        var pointer: String?
    }

    private struct Key: Hashable {
        let rule: Int
        let isShadow: Bool
    }

    /// In the order in which they first acted.
    private(set) var hits: [Hit] = []
    private var places: [Key: Int] = [:]
    /// Where the worker counts what rules and rates do, of all connections together; nil where nobody asks.
    private let meter: RuleMeter?

    init(_ meter: RuleMeter? = nil) {
        self.meter = meter
    }

    /// A rate of that index has acted so many times: it keeps its own count of the connection's.
    func count(rate: Int, _ count: Int64) { meter?.count(rate: rate, count) }

    mutating func count(_ hit: RuleHit) {
        meter?.count(hit)
        let key = Key(rule: hit.rule, isShadow: hit.isShadow)
        let place: Int
        if let known = places[key] {
            place = known
        } else {
            place = hits.count
            places[key] = place
            hits.append(Hit(rule: hit.rule, isShadow: hit.isShadow, count: 0))
        }
        hits[place].count += 1
        hits[place].pointer = hit.pointer ?? hits[place].pointer
    }
}
