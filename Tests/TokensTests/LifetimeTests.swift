import Testing
import Tokens

@Suite struct LifetimeTests {
    @Test(
        arguments: [
            ("1s", 1), ("30s", 30), ("5m", 300), ("24h", 86_400), ("7d", 604_800), ("3650d", 315_360_000), ("007s", 7),
        ] as [(String, Int64)])
    func lifetimes(text: String, seconds: Int64) {
        #expect(Lifetime(text)?.seconds == seconds)
    }

    @Test(
        arguments: [
            "", "s", "5", "0s", "-5s", "+5s", "5 s", " 5s", "5s ", "5S", "5w", "1.5h", "5ms", "1h30m", "3651d",
            "99999999999999999999d",
            "9223372036854775807d", "٣s",
        ])
    func refused(text: String) {
        #expect(Lifetime(text) == nil)
    }
}
