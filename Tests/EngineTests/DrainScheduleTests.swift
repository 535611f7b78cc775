import Testing

@testable import Engine

@Suite struct DrainScheduleTests {
    private let second: Nanoseconds = 1_000_000_000

    @Test("H26 live connections are closed one by one with 1012, evenly, and the worker ends with the window")
    func schedule() throws {
        let relayed = try (0..<4).map { _ in try RelayedSession() }
        let host = try Host()
        let start = host.worker.now
        let schedule = DrainSchedule(
            host: host.sessions, sessions: relayed.map(\.session), window: 10 * second, share: WorkerShare())
        schedule.start()
        #expect(host.worker.housekeeper(of: .drain) === schedule)
        func closed() throws -> Int { relayed.filter { $0.relay.frames.toClient.hasSentClose }.count }
        #expect(try closed() == 1)
        for number in 1...3 {
            let due = start + 9 * second / 4 * Int64(number)
            schedule.deadlinePassed(now: due - 1)
            #expect(try closed() == number)
            schedule.deadlinePassed(now: due)
            #expect(try closed() == number + 1)
        }
        for one in relayed { #expect(try one.atClient() == [.close(1012, "draining")]) }
        schedule.deadlinePassed(now: start + 10 * second)
        // Returns since the drain has stopped the worker.
        host.worker.run()
    }

    @Test("workers take turns: the second of two begins half a pause later")
    func turns() throws {
        let relayed = try RelayedSession()
        let host = try Host()
        let start = host.worker.now
        let schedule = DrainSchedule(
            host: host.sessions, sessions: [relayed.session], window: 10 * second,
            share: WorkerShare(index: 1, count: 2))
        schedule.start()
        schedule.deadlinePassed(now: start + 9 * second / 2 - 1)
        #expect(!relayed.relay.frames.toClient.hasSentClose)
        schedule.deadlinePassed(now: start + 9 * second / 2)
        #expect(relayed.relay.frames.toClient.hasSentClose)
    }
}
