/// What is told once in a while of each name, however often it happens.
struct RepeatedNotice {
    private static let silence: Nanoseconds = 10_000_000_000
    private static let maximumNames = 256

    private struct Told {
        let at: Nanoseconds
        /// Since then.
        var untold = 0
    }

    private var told: [String: Told] = [:]

    /// How often it has happened untold since it was told last; nil where it is not yet time to tell of it again.
    mutating func happened(to name: String, now: Nanoseconds) -> Int? {
        if let last = told[name], now - last.at < Self.silence {
            told[name]?.untold += 1
            return nil
        }
        let untold = told[name]?.untold ?? 0
        if told.count >= Self.maximumNames { told = [:] }
        told[name] = Told(at: now)
        return untold
    }
}
