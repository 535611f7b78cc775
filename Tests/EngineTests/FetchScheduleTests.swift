import Testing

@testable import Engine

private let second: Nanoseconds = 1_000_000_000

@Suite struct FetchScheduleTests {
    @Test("one at a time, the first at once")
    func first() {
        var schedule = FetchSchedule()
        let begun = [schedule.begin(now: 5), schedule.begin(now: 6), schedule.demand(now: 7)]
        #expect(begun == [true, false, false])
        #expect(schedule.isUnderWay)
    }

    @Test(
        "the next begins when four fifths of the time are over, within bounds",
        arguments: [(100, 80), (0, 24), (29, 24), (30, 24), (86_400, 69_120), (1_000_000, 69_120)]
            as [(Nanoseconds, Nanoseconds)])
    func lifetimes(lifetime: Nanoseconds, next: Nanoseconds) {
        var schedule = FetchSchedule()
        _ = schedule.begin(now: 0)
        schedule.succeed(now: second, lifetime: lifetime * second)
        #expect(schedule.due == (1 + next) * second)
        let begun = [schedule.begin(now: schedule.due - 1), schedule.begin(now: schedule.due)]
        #expect(begun == [false, true])
    }

    @Test("after failures it rests for longer and longer, up to a minute, and after a success not")
    func failures() {
        var schedule = FetchSchedule()
        var rests: [Nanoseconds] = []
        for _ in 0..<9 {
            schedule.fail(now: 0)
            rests.append(schedule.due / second)
        }
        #expect(rests == [1, 2, 4, 8, 16, 32, 60, 60, 60])
        schedule.succeed(now: 0, lifetime: 100 * second)
        schedule.fail(now: 0)
        #expect(schedule.due == second)
    }

    @Test("out of turn once in 30 s")
    func demand() {
        var schedule = FetchSchedule()
        _ = schedule.begin(now: 0)
        schedule.succeed(now: 0, lifetime: 3600 * second)
        var begun: [Bool] = []
        for time in [1, 2, 30, 31, 60] {
            begun.append(schedule.demand(now: Nanoseconds(time) * second))
            if begun.last == true { schedule.succeed(now: 0, lifetime: 3600 * second) }
        }
        #expect(begun == [true, false, false, true, false])
    }
}
