/// Whether one peer still lives: pinged when it has been silent for an interval, given up when it then stays silent.
/// Anything that it sends is a sign of life.
struct Keepalive {
    /// Before one that could not be asked is to be asked again.
    private static let pause: Nanoseconds = 500_000_000

    private let interval: Nanoseconds
    private let timeout: Nanoseconds
    private var lastHeard: Nanoseconds
    /// nil where no ping is out.
    private var pingedAt: Nanoseconds?
    private var number: UInt32 = 0

    init(interval: Nanoseconds, timeout: Nanoseconds, now: Nanoseconds) {
        self.interval = interval
        self.timeout = timeout
        lastHeard = now
    }

    mutating func heard(_ now: Nanoseconds) {
        lastHeard = now
        pingedAt = nil
    }

    enum Due {
        case nothing
        /// Send a ping that carries this number.
        case ping(UInt32)
        case lost
    }

    /// When ``check(_:)`` is to be called again.
    var deadline: Nanoseconds {
        if let pingedAt { return pingedAt.saturatingAdd(timeout) }
        return lastHeard.saturatingAdd(interval)
    }

    /// Where it may not be asked now, since it is in the middle of a frame, it is looked at again soon.
    mutating func check(_ now: Nanoseconds, mayAsk: Bool = true) -> Due {
        guard now >= deadline else { return .nothing }
        guard pingedAt == nil else { return .lost }
        guard mayAsk else {
            lastHeard = now - max(0, interval - Self.pause)
            return .nothing
        }
        pingedAt = now
        number &+= 1
        return .ping(number)
    }
}
