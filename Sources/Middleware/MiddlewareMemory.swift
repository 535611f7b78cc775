internal import PolicyModel

/// What middlewares remember from one connection to the next (rates and live connections by address, traffic by address and
/// subject), by the place in the policy that they serve.
///
/// A policy that takes over from another one goes on with what is remembered wherever the settings that shape it stand
/// unchanged in a chain of the same name: a reload must not hand every client a fresh allowance.
package struct MiddlewareMemory: Sendable {
    private var rates = Shelf<RateTable>()
    private var counters = Shelf<ConnectionCounter>()
    private var failures = Shelf<TokenFailures>()
    private var ledgers = Shelf<RateLedger>()
    /// One for all chains: a ticket is good on every route that admits its token.
    let tickets: TicketOffice

    package init() {
        tickets = TicketOffice()
    }

    private init(tickets: TicketOffice) {
        self.tickets = tickets
    }

    /// For the policy that takes over. What it does not ask for is forgotten with the policy before it.
    package var succeeding: MiddlewareMemory {
        var next = MiddlewareMemory(tickets: tickets)
        next.rates.kept = rates.inUse
        next.counters.kept = counters.inUse
        next.failures.kept = failures.inUse
        next.ledgers.kept = ledgers.inUse
        return next
    }

    mutating func rateTable(_ settings: ConnectionRateSettings, of chain: String, capacity: Int) -> RateTable {
        rates.item(at: Place(chain: chain, shape: .rate(settings))) {
            RateTable(bucket: TokenBucket(rate: settings.rate, burst: settings.burst), capacity: capacity)
        }
    }

    mutating func tokenFailures(_ settings: FailureSettings, of chain: String, capacity: Int) -> TokenFailures {
        failures.item(at: Place(chain: chain, shape: .failures(settings))) {
            TokenFailures(settings, capacity: capacity)
        }
    }

    /// What becomes of what exceeds it changes nothing of what was counted.
    mutating func rateLedger(_ limit: TrafficLimit, for use: String, of chain: String, capacity: Int) -> RateLedger {
        let shape = Place.Shape.traffic(
            use: use, rate: limit.rate, burst: limit.burst, key: limit.key, ipv6Prefix: limit.ipv6Prefix)
        return ledgers.item(at: Place(chain: chain, shape: shape)) { RateLedger(capacity: capacity) }
    }

    /// Whom it counts is the same whatever the maximum is.
    mutating func connectionCounter(ipv6Prefix: Int, of chain: String) -> ConnectionCounter {
        counters.item(at: Place(chain: chain, shape: .limit(ipv6Prefix: ipv6Prefix))) { ConnectionCounter() }
    }
}

private struct Place: Hashable {
    enum Shape: Hashable {
        case rate(ConnectionRateSettings)
        case limit(ipv6Prefix: Int)
        case failures(FailureSettings)
        case traffic(use: String, rate: Rate, burst: Int, key: TrafficLimit.Key, ipv6Prefix: Int)
    }

    let chain: String
    let shape: Shape
    /// Entries of one shape in one chain, in the policy's order.
    var ordinal = 0
}

private struct Shelf<Item: Sendable>: Sendable {
    var kept: [Place: Item] = [:]
    private(set) var inUse: [Place: Item] = [:]

    mutating func item(at place: Place, make: () -> Item) -> Item {
        var place = place
        while inUse[place] != nil { place.ordinal += 1 }
        let item = kept[place] ?? make()
        inUse[place] = item
        return item
    }
}
