package import PolicyModel

/// What one direction of a connection asks before a message begins, and tells of what has passed. Empty where the route has no
/// rates for it. No lock and no allocation.
///
/// A message begins only where none of its buckets is used up. Its bytes are taken as they come, also into debt, so that it may
/// exceed a rate of bytes by what is left of it. One that a rate has dropped costs those behind it nothing.
package struct TrafficGate: Sendable {
    package enum Answer: Sendable, Hashable {
        case passes
        /// The message, all of its frames, goes no further. Nothing is to be told of its bytes.
        case drops(rate: Int)
        /// The connection ends for that reason.
        case closes(CloseReason, rate: Int)
        /// What comes from here on must not pass before that time, in nanoseconds; then it passes without being asked again.
        case waits(until: Int64)
    }

    private var steps: [Step]
    /// Whether nobody has to wait any more.
    package private(set) var isLifted = false

    /// Lets everything pass.
    package init() {
        steps = []
    }

    init(_ steps: [Step]) {
        // A message that is dropped must not use up what others wait for.
        self.steps = steps.filter { !$0.delays } + steps.filter(\.delays)
    }

    package var isEmpty: Bool { steps.isEmpty }

    /// The first frame of a message has come. `now` in nanoseconds of a clock that never goes back.
    package mutating func beginMessage(now: Int64) -> Answer {
        var end = now
        for index in steps.indices {
            switch steps[index].begin(now: now) {
            case .passes: continue
            case .waits(let time): end = max(end, time)
            case let other: return other
            }
        }
        return end > now && !isLifted ? .waits(until: end) : .passes
    }

    /// So many bytes of payload of a message that was let in have come. Either it passes or it waits.
    package mutating func passed(bytes: Int, now: Int64) -> Answer {
        guard bytes > 0 else { return .passes }
        var end = now
        for index in steps.indices { end = max(end, steps[index].pass(bytes: bytes, now: now)) }
        return end > now && !isLifted ? .waits(until: end) : .passes
    }

    /// From now on nobody waits: the connection ends, and what is still under way has a deadline of its own.
    package mutating func lift() {
        isLifted = true
    }

    /// Tells of each rate that has acted, or in shadow mode would have, since this was last asked.
    package mutating func takeHits(_ tell: (_ rate: Int, _ count: Int64) -> Void) {
        for index in steps.indices where steps[index].untold > 0 {
            tell(steps[index].index, steps[index].untold)
            steps[index].untold = 0
        }
    }

    /// How often the rate of that index has acted, or in shadow mode would have.
    package func hits(of rate: Int) -> Int64 {
        steps.reduce(0) { $0 + ($1.index == rate ? $1.hits : 0) }
    }
}

extension TrafficGate {
    /// One rate, for one direction of one connection.
    struct Step: Sendable {
        /// Among the rates of the route.
        let index: Int
        private let unit: RouteRate.Unit
        private let onExceed: TrafficLimit.Excess
        private let isShadow: Bool
        private let reason: CloseReason
        private var bucket: TrafficBucket
        /// The message that is coming in would not have passed, and so takes nothing.
        private var isExempt = false
        /// Until when the sender has had to wait last.
        private var heldUntil = Int64.min
        private(set) var hits: Int64 = 0
        /// Those of them that nobody has been told of.
        fileprivate var untold: Int64 = 0

        init(_ rate: RouteRate, index: Int, _ bucket: TrafficBucket) {
            self.index = index
            self.bucket = bucket
            unit = rate.unit
            onExceed = rate.limit.onExceed
            isShadow = rate.mode == .shadow
            reason = rate.closeReason
        }

        /// Whether it has its sender wait.
        var delays: Bool { onExceed == .delay && !isShadow }

        mutating func begin(now: Int64) -> Answer {
            switch unit {
            case .messages:
                if delays { return wait(until: bucket.charge(1, now: now), now: now) }
                return bucket.take(1, now: now) ? .passes : exceed()
            case .bytes:
                isExempt = false
                guard let end = bucket.exhaustionEnd(now: now) else { return .passes }
                return delays ? wait(until: end, now: now) : exceed()
            }
        }

        /// When what follows may pass; in the past where it may at once.
        mutating func pass(bytes: Int, now: Int64) -> Int64 {
            guard unit == .bytes, !isExempt else { return .min }
            let end = bucket.charge(bytes, now: now)
            guard delays, case .waits = wait(until: end, now: now) else { return .min }
            return end
        }

        private mutating func act() {
            hits += 1
            untold += 1
        }

        private mutating func exceed() -> Answer {
            act()
            guard !isShadow else {
                isExempt = true
                return .passes
            }
            return onExceed == .drop ? .drops(rate: index) : .closes(reason, rate: index)
        }

        private mutating func wait(until end: Int64, now: Int64) -> Answer {
            guard end > now else { return .passes }
            // Who waits already only waits longer.
            if heldUntil <= now { act() }
            heldUntil = end
            return .waits(until: end)
        }
    }
}
