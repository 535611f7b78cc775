import Locking
import Testing
import Tokens

@Suite struct KeyRefreshTests {
    @Test("each who waits is told once, and who comes late at once")
    func told() {
        let refresh = KeyRefresh(patience: .seconds(5))
        let told = Lock<[Int]>([])
        for number in 1...2 { refresh.whenDone { told.withLock { $0.append(number) } } }
        #expect(told.withLock { $0 } == [])
        refresh.finish()
        #expect(told.withLock { $0 } == [1, 2])
        refresh.whenDone { told.withLock { $0.append(3) } }
        refresh.finish()
        #expect(told.withLock { $0 } == [1, 2, 3])
    }
}
