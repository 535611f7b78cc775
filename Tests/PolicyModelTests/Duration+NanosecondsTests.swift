import Testing

@testable import PolicyModel

struct DurationNanosecondsTests {
    @Test(
        arguments: [
            (Duration.zero, 0), (.milliseconds(250), 250_000_000), (.seconds(86_400), 86_400_000_000_000),
            (.nanoseconds(1), 1), (.nanoseconds(-1), -1),
            (Duration(secondsComponent: 0, attosecondsComponent: 999_999_999), 0),
            (.nanoseconds(Int64.max), .max), (.seconds(9_223_372_036) + .nanoseconds(999_999_999), .max),
            (.nanoseconds(Int64.min), .min), (.seconds(-9_223_372_036) - .nanoseconds(999_999_999), .min),
            (.seconds(Int64.max), .max), (.seconds(Int64.min), .min),
        ] as [(Duration, Int64)])
    func `a duration in nanoseconds stays within the numbers`(duration: Duration, nanoseconds: Int64) {
        #expect(duration.nanoseconds == nanoseconds)
    }
}
