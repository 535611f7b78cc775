import Testing

@testable import Engine

@Suite(.timeLimit(.minutes(1))) struct WakeUpTests {
    @Test("is readable from waking to taking, however often it was woken")
    func readable() throws {
        let poller = try Poller()
        let wake = try WakeUp(blocking: false)
        try poller.add(wake.number, [.readable], key: 7)
        #expect(poller.wait(milliseconds: 0) == 0)
        wake.wake()
        wake.wake()
        #expect(poller.wait(milliseconds: 0) == 1)
        wake.take()
        #expect(poller.wait(milliseconds: 0) == 0)
        // One that does not block gives nothing back, and returns.
        wake.take()
    }

    @Test("one that blocks waits for another thread")
    func blocking() throws {
        let wake = try WakeUp(blocking: true)
        let thread = try WorkerThread("waker") { wake.wake() }
        wake.take()
        thread.join()
    }

    @Test("waits until woken, and no longer than it is told")
    func waiting() throws {
        let wake = try WakeUp(blocking: false)
        wake.wait(milliseconds: 0)
        wake.wake()
        wake.wait(milliseconds: -1)
    }
}
