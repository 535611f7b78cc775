import Testing

@testable import Portcullis

@Suite struct QuantityTests {
    @Test(
        "bytes in the largest unit that they fill",
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (1_048_575, "1023.9 KiB"),
            (1_048_576, "1.0 MiB"), (5_368_709_120, "5.0 GiB"), (1 << 60, "1048576.0 TiB"),
            (Int64.max, "\(Int64.max) B"),
            (-1, "-1 B"),
        ] as [(Int64, String)])
    func bytes(count: Int64, text: String) {
        #expect(Quantity.bytes(count) == text)
    }

    @Test(
        "durations in their two largest units",
        arguments: [
            (0, "0s"), (59, "59s"), (60, "1m"), (303, "5m 3s"), (7800, "2h 10m"), (7201, "2h"), (273_600, "3d 4h"),
        ] as [(Int64, String)])
    func durations(seconds: Int64, text: String) {
        #expect(Quantity.duration(seconds: seconds) == text)
    }
}
