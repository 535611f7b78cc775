/// Whether a worker has been busy of late: it has taken at least half of a processor's time.
///
/// A busy worker gives way before it waits for events: those whose messages it passes on may share its processor, and what
/// they send meanwhile is one wake-up's work instead of several. A worker that has time does not: it answers at once, whoever
/// else wants the processor.
struct Busyness {
    /// Nanoseconds over which it is measured.
    private static let window: Nanoseconds = 10_000_000

    private var start: Nanoseconds
    private var used: Nanoseconds
    private(set) var isHigh = false

    /// `used` is the processor time that the thread has had until `now`.
    init(now: Nanoseconds, used: Nanoseconds) {
        start = now
        self.used = used
    }

    /// Looks at what has been `used` until `now`, where the last look was long enough ago. Giving way makes work cheaper, so
    /// that it goes on until clearly less is used.
    mutating func look(now: Nanoseconds, used: @autoclosure () -> Nanoseconds) {
        guard now - start >= Self.window else { return }
        let used = used()
        let share = (used - self.used) * 100 / (now - start)
        isHigh = share >= (isHigh ? 35 : 50)
        start = now
        self.used = used
    }
}
