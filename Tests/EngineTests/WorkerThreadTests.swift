import Foundation
import Glibc
import Locking
import Testing

@testable import Engine

@Suite(.timeLimit(.minutes(1))) struct WorkerThreadTests {
    private final class Notes: Sendable {
        let name = Lock("")
    }

    @Test(
        "runs under its name, which is cut to what the system keeps",
        arguments: ["worker-1", "a-name-that-is-too-long"])
    func runs(name: String) throws {
        let notes = Notes()
        let thread = try WorkerThread(name) {
            // The name may be given a moment after the thread has begun: this waits until the kernel tells it.
            let expected = String(name.prefix(15))
            while notes.name.withLock({ $0 }) != expected {
                let told = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
                notes.name.withLock { $0 = String((told ?? "").dropLast()) }
                sched_yield()
            }
        }
        thread.join()
        #expect(notes.name.withLock { $0 } == String(name.prefix(15)))
    }
}
