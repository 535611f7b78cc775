import Testing

@testable import Engine

@Suite struct DrainScheduleTests {
    @Test("H26 live connections are closed one by one with 1012, and the worker ends with the window")
    func schedule() throws {
        let relayed = try (0..<3).map { _ in try RelayedSession() }
        let host = try Host()
        let start = host.worker.now
        let schedule = DrainSchedule(host: host.sessions, sessions: relayed.map(\.session), window: 10_000_000_000)
        schedule.start()
        #expect(host.worker.housekeeper === schedule)
        func closed() throws -> Int { relayed.filter { $0.relay.toClient.hasSentClose }.count }
        #expect(try closed() == 1)
        schedule.deadlinePassed(now: start + 99_999_999)
        #expect(try closed() == 1)
        schedule.deadlinePassed(now: start + 100_000_000)
        #expect(try closed() == 2)
        schedule.deadlinePassed(now: start + 5_000_000_000)
        #expect(try closed() == 3)
        for one in relayed { #expect(try one.atClient() == [.close(1012, "draining")]) }
        schedule.deadlinePassed(now: start + 10_000_000_000)
        // Returns since the drain has stopped the worker.
        host.worker.run()
    }

    @Test("many connections share the window")
    func pause() throws {
        let relayed = try RelayedSession()
        let host = try Host()
        let sessions = [relayed.session] + (try (0..<9).map { _ in try host.session() })
        let schedule = DrainSchedule(host: host.sessions, sessions: sessions, window: 100)
        schedule.start()
        // The last in the list is the first to go.
        schedule.deadlinePassed(now: host.worker.now + 89)
        #expect(!relayed.relay.toClient.hasSentClose)
        schedule.deadlinePassed(now: host.worker.now + 90)
        #expect(relayed.relay.toClient.hasSentClose)
    }
}
