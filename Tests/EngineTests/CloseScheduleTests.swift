import PolicyModel
import Testing

@testable import Engine

@Suite struct CloseScheduleTests {
    private let second: Nanoseconds = 1_000_000_000

    @Test("closed one by one with 1008, evenly; a later demand keeps nobody waiting for longer")
    func schedule() throws {
        let relayed = try (0..<4).map { _ in try RelayedSession() }
        let host = try Host()
        let start = host.worker.now
        let schedule = CloseSchedule(host: host.sessions)
        func closed() -> [Bool] { relayed.map { $0.relay.frames.toClient.hasSentClose } }
        schedule.add(relayed.prefix(3).map(\.session), window: 3 * second)
        #expect(host.worker.housekeeper(of: .closing) === schedule)
        #expect(closed() == [false, false, false, false])
        schedule.deadlinePassed(now: start + second)
        #expect(closed() == [true, false, false, false])
        // The first of these would be later than it is already, the second comes at once.
        schedule.add([relayed[1].session], window: 3600 * second)
        schedule.add([relayed[3].session], window: 0)
        #expect(closed() == [true, false, false, true])
        schedule.deadlinePassed(now: start + 2 * second)
        #expect(closed() == [true, true, false, true])
        schedule.deadlinePassed(now: start + 3 * second)
        #expect(closed() == [true, true, true, true])
        #expect(host.worker.housekeeper(of: .closing) == nil)
        for one in relayed { #expect(try one.atClient() == [.close(1008, "closed-by-operator")]) }
    }

    @Test("one that ends by itself meanwhile is left alone")
    func gone() throws {
        let relayed = try RelayedSession()
        relayed.relay.end(.idleTimeout)
        relayed.session.closeByOperator()
        #expect(relayed.relay.ending?.reason == "idle-timeout")
        try Host().session().closeByOperator()
    }
}
