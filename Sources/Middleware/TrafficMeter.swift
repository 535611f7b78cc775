package import PolicyModel
package import Tokens

/// Whose messages they are, where a rate counts by address or by subject.
package struct TrafficOwner: Sendable {
    private let address: IPAddress
    private let subject: String?
    /// Of the token; empty without one.
    private let issuer: String

    /// The subject is the token's, or else the one that an authorisation service has named.
    package init(address: IPAddress, identity: VerifiedToken?, authorizedSubject: String? = nil) {
        self.address = address
        subject = identity?.subject ?? authorizedSubject
        issuer = identity?.issuerName ?? ""
    }

    /// Whose bucket it is. Where nobody has named a subject, that of the address.
    fileprivate func key(_ limit: TrafficLimit) -> RateKey {
        if limit.key == .subject, let subject { return RateKey(subject: subject, issuer: issuer) }
        return .address(address.network(ipv6Prefix: limit.ipv6Prefix))
    }
}

/// A limit of the policy, made ready for all connections of a route.
struct TrafficMeter: Sendable {
    let limit: TrafficLimit
    private let rule: TokenBucket
    /// nil where each connection has a bucket of its own.
    private let ledger: RateLedger?

    /// What it has counted for the policy before this one it goes on with. `use` tells what it is for, the same in every
    /// version of the chain's policy.
    init(_ limit: TrafficLimit, for use: String, of chain: String, in environment: inout MiddlewareEnvironment) {
        self.limit = limit
        rule = TokenBucket(rate: limit.rate, burst: limit.burst)
        ledger =
            limit.key == .connection
            ? nil
            : environment.memory.rateLedger(
                limit, for: use, of: chain, capacity: environment.maximumTrackedAddresses)
    }

    /// The bucket from which a connection takes.
    func bucket(of owner: TrafficOwner) -> TrafficBucket {
        guard let ledger else { return TrafficBucket(rule, .own(fullAt: SharedBucket.untouched)) }
        return TrafficBucket(rule, .leased(ledger.lease(owner.key(limit))))
    }
}

/// A bucket from which one connection takes: its own, or its share in that of an address or a subject. Neither a lock nor an
/// allocation stands between a message and its bucket.
struct TrafficBucket: Sendable {
    fileprivate enum Place: Sendable {
        case own(fullAt: Int64)
        /// With the other direction of the connection.
        case shared(SharedBucket)
        case leased(RateLease)
    }

    private let rule: TokenBucket
    private var place: Place

    fileprivate init(_ rule: TokenBucket, _ place: Place) {
        self.rule = rule
        self.place = place
    }

    /// The same bucket, for the connection's other direction.
    mutating func split() -> TrafficBucket {
        if case .own(let fullAt) = place { place = .shared(SharedBucket(fullAt: fullAt)) }
        return self
    }

    private var fullAt: Int64 {
        switch place {
        case .own(let fullAt): fullAt
        case .shared(let bucket): bucket.fullAt
        case .leased(let lease): lease.bucket.fullAt
        }
    }

    /// Takes `cost` units, if there are so many. `now` in nanoseconds of a clock that never goes back.
    mutating func take(_ cost: Int, now: Int64) -> Bool {
        switch place {
        case .own(let fullAt):
            guard case .admitted(let next) = rule.take(cost, fullAt: fullAt, now: now) else { return false }
            place = .own(fullAt: next)
            return true
        case .shared(let bucket): return bucket.take(cost, by: rule, now: now)
        case .leased(let lease): return lease.bucket.take(cost, by: rule, now: now)
        }
    }

    /// Takes `cost` units, also into debt. When the debt is worked off; in the past where there is none.
    mutating func charge(_ cost: Int, now: Int64) -> Int64 {
        switch place {
        case .own(let fullAt):
            let next = rule.charge(cost, fullAt: fullAt, now: now)
            place = .own(fullAt: next)
            return rule.debtEnd(fullAt: next)
        case .shared(let bucket): return rule.debtEnd(fullAt: bucket.charge(cost, by: rule, now: now))
        case .leased(let lease): return rule.debtEnd(fullAt: lease.bucket.charge(cost, by: rule, now: now))
        }
    }

    /// When the debt is worked off, where there is nothing left; nil where there is.
    func exhaustionEnd(now: Int64) -> Int64? {
        let fullAt = fullAt
        return rule.isExhausted(fullAt: fullAt, now: now) ? rule.debtEnd(fullAt: fullAt) : nil
    }
}
