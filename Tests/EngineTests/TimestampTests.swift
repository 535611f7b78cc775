import Testing
import Tokens

@testable import Engine

@Suite struct TimestampTests {
    @Test(
        "milliseconds since 1970 as RFC 3339",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1, "1970-01-01T00:00:00.001Z"), (999, "1970-01-01T00:00:00.999Z"),
            (1_700_000_000_020, "2023-11-14T22:13:20.020Z"), (1_769_860_800_100, "2026-01-31T12:00:00.100Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (-1000, "1969-12-31T23:59:59.000Z"),
        ] as [(Int64, String)])
    func rfc3339(milliseconds: Int64, text: String) {
        #expect(Timestamp.rfc3339(unixMilliseconds: milliseconds) == text)
    }
}
