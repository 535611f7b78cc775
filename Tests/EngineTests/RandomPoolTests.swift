import Testing
import WebSocketProtocol

@testable import Engine

@Suite struct RandomPoolTests {
    @Test("no key comes twice, also over the end of the stock")
    func fresh() {
        var pool = RandomPool()
        let keys = (0..<3000).map { _ in pool.maskingKey().bits }
        // Two of 3000 random numbers of 32 bits are equal once in a thousand runs; three are in none.
        #expect(Set(keys).count >= keys.count - 1)
    }
}
