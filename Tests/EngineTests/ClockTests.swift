import Testing

@testable import Engine

@Suite struct ClockTests {
    @Test("the monotonic clock does not go back")
    func monotonic() {
        var last = SystemClock.monotonic()
        for _ in 0..<1000 {
            let now = SystemClock.monotonic()
            #expect(now >= last)
            last = now
        }
    }

    @Test(
        "durations in nanoseconds",
        arguments: [
            (Duration.zero, 0), (.milliseconds(250), 250_000_000), (.seconds(86_400), 86_400_000_000_000),
            (.nanoseconds(1), 1), (.seconds(Int64.max), Int64.max),
        ] as [(Duration, Int64)])
    func duration(_ duration: Duration, _ nanoseconds: Int64) {
        #expect(duration.nanoseconds == nanoseconds)
    }
}
