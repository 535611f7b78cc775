import PolicyModel

/// The `limit` rules of a route, made ready for all of its connections.
struct MessageLimiters: Sendable {
    private struct Entry: Sendable {
        let from: MessageRule.Source
        let meter: TrafficMeter
    }

    private let entries: [Entry]

    /// Each chain keeps buckets of its own, and goes on with those that the policy before had for the rule of the same name.
    init(_ rules: [MessageRule], of chain: String, in environment: inout MiddlewareEnvironment) {
        var entries: [Entry] = []
        for rule in rules {
            guard case .limit(let limit) = rule.action else { continue }
            let meter = TrafficMeter(limit, for: "message rule \(rule.name)", of: chain, in: &environment)
            entries.append(Entry(from: rule.from, meter: meter))
        }
        self.entries = entries
    }

    /// None.
    init() {
        entries = []
    }

    /// The buckets of one connection: of a rule for both directions one for the two together.
    func buckets(of owner: TrafficOwner) -> MessageBuckets {
        var buckets = MessageBuckets()
        for entry in entries {
            var bucket = entry.meter.bucket(of: owner)
            switch entry.from {
            case .client: buckets.fromClient.append(bucket)
            case .upstream: buckets.fromUpstream.append(bucket)
            case .both:
                buckets.fromClient.append(bucket.split())
                buckets.fromUpstream.append(bucket)
            }
        }
        return buckets
    }
}

/// What one connection has left of the `limit` rules of its route, in their order.
package struct MessageBuckets: Sendable {
    var fromClient: [TrafficBucket] = []
    var fromUpstream: [TrafficBucket] = []

    /// None.
    package init() {}
}
