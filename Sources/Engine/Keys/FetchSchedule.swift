/// When keys are fetched: before they are too old, again and again where that fails, and out of turn where somebody brings a
/// token of a key that is not known. Times are of the monotonic clock.
struct FetchSchedule: Sendable {
    private static let second: Nanoseconds = 1_000_000_000
    /// However short or long an answer says that it is good.
    static let lifetimes = 30 * second...86_400 * second
    /// Between two fetches out of turn, and the longest rest after failures.
    static let demandInterval = 30 * second
    static let longestRest = 60 * second

    private(set) var isUnderWay = false
    /// When the next one begins that nobody asks for.
    private(set) var due: Nanoseconds = .min
    private var failures = 0
    private var lastDemand: Nanoseconds?

    /// Whether a fetch is to begin; if so, it has begun.
    mutating func begin(now: Nanoseconds) -> Bool {
        guard !isUnderWay, now >= due else { return false }
        isUnderWay = true
        return true
    }

    /// Whether one may begin out of turn; if so, it has begun.
    mutating func demand(now: Nanoseconds) -> Bool {
        guard !isUnderWay, lastDemand.map({ now - $0 >= Self.demandInterval }) ?? true else { return false }
        lastDemand = now
        isUnderWay = true
        return true
    }

    /// Keys have come that are good for so long.
    mutating func succeed(now: Nanoseconds, lifetime: Nanoseconds) {
        isUnderWay = false
        failures = 0
        let lifetime = min(max(lifetime, Self.lifetimes.lowerBound), Self.lifetimes.upperBound)
        // Before the time is over, so that there is some left for failures.
        due = now.saturatingAdd(lifetime / 5 * 4)
    }

    /// None have come. The rest doubles each time.
    mutating func fail(now: Nanoseconds) {
        isUnderWay = false
        due = now.saturatingAdd(min(Self.longestRest, Self.second << Nanoseconds(min(failures, 6))))
        failures += 1
    }
}
