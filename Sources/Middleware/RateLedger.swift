internal import Locking
internal import PolicyModel
internal import Synchronization

/// Buckets of client addresses or of subjects, each shared by all connections of its owner, on whichever workers they are.
///
/// A bucket is looked for once a connection, when that opens. The buckets of live connections are kept, whatever they are
/// like: there are as many as connections at most, which the listeners bound. Of closed ones a bounded number is remembered:
/// who comes again goes on with what was left. Where there is no room, the bucket that is nearest to full is forgotten, since
/// that gives the least away.
///
/// Safe to use from any thread.
final class RateLedger: Sendable {
    private struct Live {
        let bucket: SharedBucket
        var connections: Int
    }

    private struct State {
        var live: [RateKey: Live] = [:]
        /// When the buckets without a connection are full again.
        var left: BoundedTable<RateKey, Int64>
    }

    private let state: Lock<State>

    /// `capacity` buckets without a connection are remembered at most, rounded up to a multiple of eight.
    init(capacity: Int) {
        state = Lock(State(left: BoundedTable(capacity: capacity) { $0 }))
    }

    /// The bucket of that key, for a connection.
    func lease(_ key: RateKey) -> RateLease {
        let bucket = state.withLock { state in
            if let live = state.live[key] {
                state.live[key]?.connections += 1
                return live.bucket
            }
            let bucket = SharedBucket(fullAt: state.left.remove(key) ?? SharedBucket.untouched)
            state.live[key] = Live(bucket: bucket, connections: 1)
            return bucket
        }
        return RateLease(ledger: self, key: key, bucket: bucket)
    }

    /// A connection has ended.
    fileprivate func giveBack(_ key: RateKey) {
        state.withLock { state in
            guard let live = state.live[key] else { return }
            guard live.connections == 1 else {
                state.live[key]?.connections -= 1
                return
            }
            state.live[key] = nil
            let fullAt = live.bucket.fullAt
            if fullAt != SharedBucket.untouched { state.left.add(fullAt, of: key) }
        }
    }

    /// Buckets with a connection, and without.
    var count: (live: Int, left: Int) { state.withLock { ($0.live.count, $0.left.count) } }
}

/// Whose a bucket is.
enum RateKey: Sendable, Hashable {
    /// A client's network.
    case address(IPAddress)
    /// A subject and its issuer: two hashes, seeded for each process, in the place of names that may be long.
    case subject(UInt64, UInt64)

    init(subject: String, issuer: String) {
        let hash = { (salt: UInt8) in
            var hasher = Hasher()
            hasher.combine(salt)
            hasher.combine(issuer)
            hasher.combine(subject)
            return UInt64(truncatingIfNeeded: hasher.finalize())
        }
        self = .subject(hash(0), hash(1))
    }
}

/// A connection's share in a bucket; given back when nothing holds the lease any more.
final class RateLease: Sendable {
    let bucket: SharedBucket
    private let ledger: RateLedger
    private let key: RateKey

    fileprivate init(ledger: RateLedger, key: RateKey, bucket: SharedBucket) {
        self.ledger = ledger
        self.key = key
        self.bucket = bucket
    }

    deinit {
        ledger.giveBack(key)
    }
}

/// A bucket out of which several take, without a lock.
final class SharedBucket: Sendable {
    /// When a bucket is full again from which nothing has ever been taken.
    static let untouched = Int64.min

    // It orders nothing but itself, so that no stronger ordering is needed.
    private let time: Atomic<Int64>

    init(fullAt: Int64 = untouched) {
        time = Atomic(fullAt)
    }

    /// When it is full again.
    var fullAt: Int64 { time.load(ordering: .relaxed) }

    /// Takes `cost` units, if there are so many.
    func take(_ cost: Int, by rule: TokenBucket, now: Int64) -> Bool {
        var fullAt = fullAt
        while true {
            guard case .admitted(let next) = rule.take(cost, fullAt: fullAt, now: now) else { return false }
            guard let other = replace(fullAt, by: next) else { return true }
            fullAt = other
        }
    }

    /// Takes `cost` units, also into debt. When it is full again.
    func charge(_ cost: Int, by rule: TokenBucket, now: Int64) -> Int64 {
        var fullAt = fullAt
        while true {
            let next = rule.charge(cost, fullAt: fullAt, now: now)
            guard let other = replace(fullAt, by: next) else { return next }
            fullAt = other
        }
    }

    /// nil where that is done; what is there where somebody else was quicker.
    private func replace(_ expected: Int64, by next: Int64) -> Int64? {
        let (isDone, found) = time.weakCompareExchange(expected: expected, desired: next, ordering: .relaxed)
        return isDone ? nil : found
    }
}
