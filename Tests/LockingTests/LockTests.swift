import Glibc
import Locking
import Testing

@Suite(.timeLimit(.minutes(1))) struct LockTests {
    private struct Refused: Error {}

    @Test("one thread at a time reaches the value") func exclusion() async {
        let lock = Lock((total: 0, inside: 0, overlaps: 0))
        let rounds = 2_000
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<rounds {
                        lock.withLock { value in
                            value.inside += 1
                            // Others get the chance to come in, if they can.
                            sched_yield()
                            if value.inside != 1 { value.overlaps += 1 }
                            value.total += 1
                            value.inside -= 1
                        }
                    }
                }
            }
        }
        let (total, _, overlaps) = lock.withLock { $0 }
        #expect(total == 8 * rounds)
        #expect(overlaps == 0)
    }

    @Test("a body that throws gives the lock back, and what it has changed stays") func throwing() {
        let lock = Lock(1)
        #expect(throws: Refused.self) {
            try lock.withLock { value throws(Refused) in
                value = 2
                throw Refused()
            }
        }
        #expect(lock.withLock { $0 } == 2)
    }

    @Test("its end is the value's") func end() {
        final class Held: Sendable {}
        weak var held: Held?
        do {
            let lock = Lock(Held())
            held = lock.withLock { $0 }
            #expect(held != nil)
        }
        #expect(held == nil)
    }

    @Test("who takes it again while holding it is stopped") func again() async {
        await #expect(processExitsWith: .failure) {
            let lock = Lock(0)
            lock.withLock { _ in lock.withLock { $0 += 1 } }
        }
    }
}
