import Foundation
import Testing
import Tokens

@Suite struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"), (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"), (-62_167_219_200, "0000-01-01T00:00:00Z"),
            (253_402_300_800, "253402300800"),
            (.max, "9223372036854775807"), (.min, "-9223372036854775808"),
        ] as [(Int64, String)])
    func moments(seconds: Int64, text: String) {
        #expect(Timestamp.rfc3339(seconds) == text)
    }

    @Test("as Foundation writes it, through four centuries")
    func likeFoundation() {
        let formatter = ISO8601DateFormatter()
        for seconds in stride(from: Int64(-3_000_000_000), to: 9_000_000_000, by: 12_345_678) {
            #expect(
                Timestamp.rfc3339(seconds) == formatter.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
            )
        }
    }
}
