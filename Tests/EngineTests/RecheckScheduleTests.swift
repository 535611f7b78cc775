import Middleware
import PolicyModel
import Testing

@testable import Engine

@Suite struct RecheckScheduleTests {
    private let millisecond: Nanoseconds = 1_000_000
    private let host: Host

    init() throws { host = try Host() }

    /// A live connection that the policy in force, which has no routes, refuses once it is judged.
    private func refused() throws -> RelayedSession {
        let relayed = try RelayedSession()
        relayed.session.recheckScope = .route
        return relayed
    }

    private func schedule(_ sessions: [Session], share: WorkerShare = WorkerShare()) -> RecheckSchedule {
        let schedule = RecheckSchedule(host: host.sessions, sessions: sessions, share: share)
        schedule.start()
        return schedule
    }

    @Test("those that are refused are closed one by one with 1008, and the server behind is told that they go")
    func spread() throws {
        let relayed = try (0..<4).map { _ in try refused() }
        let start = host.worker.now
        let schedule = schedule(relayed.map(\.session))
        #expect(host.worker.housekeeper(of: .recheck) === schedule)
        func closed() -> Int { relayed.filter { $0.relay.frames.toClient.hasSentClose }.count }
        #expect(closed() == 1)
        for number in 1...3 {
            let due = start + 10 * millisecond * Int64(number)
            schedule.deadlinePassed(now: due - 1)
            #expect(closed() == number && !schedule.isOver)
            schedule.deadlinePassed(now: due)
            #expect(closed() == number + 1)
        }
        #expect(schedule.isOver)
        for one in relayed {
            #expect(try one.atClient() == [.close(1008, "policy-changed")])
            #expect(try one.atUpstream() == [.close(1001, "")])
            #expect(one.session.facts.policyVersion == "v1")
        }
    }

    @Test("a schedule that takes over begins with those whose turn has not come, and does not put it off")
    func takingOver() throws {
        let (early, late) = (try (0..<2).map { _ in try refused() }, try refused())
        let start = host.worker.now
        let first = schedule(early.map(\.session))
        #expect(early.filter { $0.relay.frames.toClient.hasSentClose }.count == 1)
        let second = RecheckSchedule(
            host: host.sessions, sessions: [late.session], share: WorkerShare(), after: first)
        second.start()
        second.deadlinePassed(now: start + 10 * millisecond)
        #expect(early.allSatisfy { $0.relay.frames.toClient.hasSentClose })
        second.deadlinePassed(now: start + 20 * millisecond)
        #expect(late.relay.frames.toClient.hasSentClose && second.isOver)
    }

    @Test("one that stays is not touched, and is judged once")
    func staying() throws {
        let relayed = try RelayedSession()
        // Its listener is not in the policy in force, and connections outlive their listener.
        relayed.session.recheckScope = .admission
        let schedule = schedule([relayed.session, relayed.session])
        schedule.deadlinePassed(now: .max)
        #expect(schedule.isOver && relayed.session.recheckScope.isEmpty)
        #expect(relayed.relay.ending == nil)
        #expect(try relayed.atClient().isEmpty)
    }

    @Test("one that is not open yet keeps its mark, and is judged when it opens")
    func onItsWay() throws {
        let session = try host.session()
        session.phase = .connecting(
            UpstreamAttempt(try Fixtures.admitted(), Fixtures.route(), key: "k", isGreeted: false, now: 0))
        session.recheckScope = .route
        let schedule = schedule([session])
        #expect(schedule.isOver && session.recheckScope == .route)
        guard case .refused(let refusal) = session.recheck() else {
            Issue.record("it was not refused")
            return
        }
        #expect(refusal == Refusal(.routeNotFound))
        #expect(session.recheckScope.isEmpty)
    }

    @Test("many are judged in turns of a few hundred, so that nobody else waits long")
    func batches() throws {
        let relayed = try refused()
        let other = try host.session()
        let schedule = schedule([relayed.session] + Array(repeating: other, count: 300))
        // The first at once, then a whole batch however late it is.
        schedule.deadlinePassed(now: .max)
        #expect(!schedule.isOver && relayed.relay.ending == nil)
        schedule.deadlinePassed(now: .max)
        #expect(schedule.isOver && relayed.relay.ending != nil)
    }

    @Test("workers take turns: the second of two begins half a pause later")
    func turns() throws {
        let relayed = try refused()
        let start = host.worker.now
        let schedule = schedule([relayed.session], share: WorkerShare(index: 1, count: 2))
        schedule.deadlinePassed(now: start + 5 * millisecond - 1)
        #expect(relayed.relay.ending == nil)
        schedule.deadlinePassed(now: start + 5 * millisecond)
        #expect(relayed.relay.ending != nil)
    }

    @Test("who is refused holds no place in any limit while it says goodbye")
    func leases() throws {
        var environment = MiddlewareEnvironment(tokens: ToyKey.authority)
        let limit = MiddlewareSettings.connectionLimit(ConnectionLimitSettings(maximum: 1))
        let chain = MiddlewareChain(
            entries: [MiddlewareEntry(settings: limit, position: Fixtures.position)], name: "route chat",
            environment: &environment)
        guard case .admitted(let admitted) = chain.admit(try Fixtures.context(try Fixtures.head())) else {
            Issue.record("it was refused")
            return
        }
        let relayed = try refused()
        relayed.session.leases = admitted.leases
        func isFull() throws -> Bool {
            if case .refused = chain.admit(try Fixtures.context(try Fixtures.head())) { true } else { false }
        }
        #expect(try isFull())
        _ = consume admitted
        _ = schedule([relayed.session])
        #expect(try !isFull())
    }
}
