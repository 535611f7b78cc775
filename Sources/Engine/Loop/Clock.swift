internal import Glibc

/// A time on the loop's monotonic clock, in nanoseconds.
package typealias Nanoseconds = Int64

/// The clocks, which level 4 alone reads.
package enum SystemClock {
    /// Nanoseconds that never go back; the start is arbitrary.
    package static func monotonic() -> Nanoseconds {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Nanoseconds that the calling thread has had a processor for. A system call, unlike the others.
    static func threadTime() -> Nanoseconds {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Nanoseconds that the process has had processors for.
    static func processTime() -> Nanoseconds {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Milliseconds since 1970.
    package static func unixMilliseconds() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Whole seconds since 1970.
    package static func unixSeconds() -> Int64 { unixMilliseconds() / 1000 }
}

extension Nanoseconds {
    /// The sum, or the end of time on that side where it would not fit.
    func saturatingAdd(_ other: Nanoseconds) -> Nanoseconds {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}
