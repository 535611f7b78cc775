package import PolicyModel

/// A route's rates of messages and bytes, made ready once for all of its connections.
package struct TrafficRates: Sendable {
    private struct Entry: Sendable {
        let rate: RouteRate
        let meter: TrafficMeter
    }

    private let entries: [Entry]

    /// Each chain keeps buckets of its own, by its name, and goes on with those that the policy before had for the same rates.
    package init(_ rates: [RouteRate], of chain: String, in environment: inout MiddlewareEnvironment) {
        var entries: [Entry] = []
        for rate in rates {
            let use = "\(rate.unit.rawValue) \(rate.from.rawValue)"
            let meter = TrafficMeter(rate.limit, for: use, of: chain, in: &environment)
            entries.append(Entry(rate: rate, meter: meter))
        }
        self.entries = entries
    }

    /// What the two directions of one connection ask, both empty where nothing is counted.
    package func gates(of owner: TrafficOwner) -> (fromClient: TrafficGate, fromUpstream: TrafficGate) {
        guard !entries.isEmpty else { return (TrafficGate(), TrafficGate()) }
        var steps: (client: [TrafficGate.Step], upstream: [TrafficGate.Step]) = ([], [])
        for (index, entry) in entries.enumerated() {
            var bucket = entry.meter.bucket(of: owner)
            switch entry.rate.from {
            case .client: steps.client.append(TrafficGate.Step(entry.rate, index: index, bucket))
            case .upstream: steps.upstream.append(TrafficGate.Step(entry.rate, index: index, bucket))
            case .both:
                steps.client.append(TrafficGate.Step(entry.rate, index: index, bucket.split()))
                steps.upstream.append(TrafficGate.Step(entry.rate, index: index, bucket))
            }
        }
        return (TrafficGate(steps.client), TrafficGate(steps.upstream))
    }

    package var count: Int { entries.count }

    /// The rate of an index that a gate has named.
    package subscript(index: Int) -> RouteRate { entries[index].rate }

    /// How often each rate has acted on one connection, or in shadow mode would have, for those that did.
    package func hits(_ gates: TrafficGate...) -> [(rate: RouteRate, count: Int64)] {
        entries.indices.compactMap { index in
            let count = gates.reduce(0) { $0 + $1.hits(of: index) }
            return count > 0 ? (entries[index].rate, count) : nil
        }
    }
}
