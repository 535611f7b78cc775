import Testing

@testable import Engine

/// What the wheel promises, without a wheel: a deadline is due at the first tick behind it, and never in the tick in
/// which it was set.
private struct NaiveTimers {
    var current: Int64
    var due: [Int: (tick: Int64, deadline: Nanoseconds)] = [:]

    mutating func set(_ slot: Int, at deadline: Nanoseconds) {
        due[slot] = (max(current + 1, deadline / TimerWheel.tick + 1), deadline)
    }

    mutating func advance(to now: Nanoseconds) -> [Int] {
        current = max(current, now / TimerWheel.tick)
        let fired = due.filter { $0.value.tick <= current }.map(\.key).sorted()
        for slot in fired { due[slot] = nil }
        return fired
    }

    /// Until the next tick whose place in a wheel of 2048 holds anything.
    func wait(from now: Nanoseconds) -> Int32 {
        let visits = due.values.map { value -> Int64 in
            let (first, places) = (current + 1, Int64(2048))
            return first + (((value.tick - first) % places) + places) % places
        }
        guard let next = visits.min() else { return -1 }
        return Int32(max(0, min(60_000, (next * TimerWheel.tick - now + 999_999) / 1_000_000)))
    }
}

@Suite struct TimerWheelTests {
    @Test("fires what a naive implementation fires, when it fires it, and waits no longer", arguments: 1...24)
    func differential(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        var now = Int64.random(in: 0...(1 << 50), using: &random)
        var wheel = TimerWheel(now: now)
        var naive = NaiveTimers(current: now / TimerWheel.tick)
        // The whole wheel is 41 seconds: deadlines and pauses go from within a tick to a few turns.
        let spans: [Int64] = [1, TimerWheel.tick, 100 * TimerWheel.tick, 41_000_000_000, 300_000_000_000]
        for _ in 0..<3000 {
            let slot = Int.random(in: 0..<40, using: &random)
            let span = spans.randomElement(using: &random) ?? 1
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let deadline = now + Int64.random(in: (-span / 4)...span, using: &random)
                wheel.set(slot, at: max(0, deadline))
                naive.set(slot, at: max(0, deadline))
            case 5:
                wheel.clear(slot)
                naive.due[slot] = nil
            default:
                now += Int64.random(in: 0...span, using: &random)
                var fired: [Int] = []
                wheel.advance(to: now, into: &fired)
                #expect(fired.sorted() == naive.advance(to: now))
            }
            #expect(wheel.count == naive.due.count)
            #expect(wheel.wait(from: now) == naive.wait(from: now))
        }
    }

    @Test(
        "never early, and one tick late at most", arguments: [0, 1, TimerWheel.tick - 1, TimerWheel.tick, 123_456_789])
    func resolution(offset: Nanoseconds) {
        let start = 1_000 * TimerWheel.tick + 7
        var wheel = TimerWheel(now: start)
        var due: [Int] = []
        let deadline = start + offset
        wheel.set(3, at: deadline)
        wheel.advance(to: deadline - 1, into: &due)
        #expect(due.isEmpty)
        wheel.advance(to: deadline + TimerWheel.tick, into: &due)
        #expect(due == [3])
        #expect(wheel.count == 0)
    }

    @Test("a loop that sleeps as long as it is told fires everything in time")
    func sleeping() {
        var random = SeededNumbers(seed: 99)
        var now: Nanoseconds = 0
        var wheel = TimerWheel(now: now)
        var deadlines: [Int: Nanoseconds] = [:]
        for slot in 0..<200 {
            deadlines[slot] = Int64.random(in: 0...90_000_000_000, using: &random)
            wheel.set(slot, at: deadlines[slot] ?? 0)
        }
        while !deadlines.isEmpty {
            let wait = wheel.wait(from: now)
            guard wait >= 0 else { break }
            // A millisecond at least, as a system's clock goes on.
            now += max(1, Int64(wait)) * 1_000_000
            var due: [Int] = []
            wheel.advance(to: now, into: &due)
            for slot in due {
                guard let deadline = deadlines.removeValue(forKey: slot) else { continue }
                #expect(deadline <= now && now <= deadline + TimerWheel.tick + 1_000_000)
            }
        }
        #expect(deadlines.isEmpty)
        #expect(wheel.wait(from: now) == -1)
    }

    @Test("a deadline that is set again counts from then on")
    func again() {
        var wheel = TimerWheel(now: 0)
        var due: [Int] = []
        wheel.set(0, at: TimerWheel.tick)
        wheel.set(0, at: 100 * TimerWheel.tick)
        wheel.advance(to: 50 * TimerWheel.tick, into: &due)
        #expect(due.isEmpty && wheel.count == 1)
        wheel.advance(to: 101 * TimerWheel.tick, into: &due)
        #expect(due == [0])
    }

    @Test("the end of time is a deadline like others, and a clock that goes back changes nothing")
    func extremes() {
        var wheel = TimerWheel(now: 10 * TimerWheel.tick)
        var due: [Int] = []
        wheel.set(1, at: .max)
        wheel.set(2, at: 0)
        wheel.advance(to: 5 * TimerWheel.tick, into: &due)
        #expect(due.isEmpty)
        wheel.advance(to: 11 * TimerWheel.tick, into: &due)
        #expect(due == [2])
        wheel.clear(1)
        wheel.clear(1)
        wheel.clear(700)
        #expect(wheel.count == 0 && wheel.wait(from: 0) == -1)
    }
}
