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

    @Test("the seconds are those of the milliseconds")
    func seconds() {
        let before = SystemClock.unixMilliseconds() / 1000
        let seconds = SystemClock.unixSeconds()
        #expect(before <= seconds && seconds <= SystemClock.unixMilliseconds() / 1000)
    }

    @Test(
        "sums stay at the end of time",
        arguments: [
            (.max, 1, .max), (1, 2, 3), (.max, .max, .max), (.min, -1, .min), (.min, .max, -1),
        ] as [(Int64, Int64, Int64)])
    func sum(left: Int64, right: Int64, expected: Int64) {
        #expect(left.saturatingAdd(right) == expected)
    }
}
