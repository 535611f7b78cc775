import Testing

@testable import Engine

extension Workers {
    /// Has each of them do something, soon, and does not wait for it.
    fileprivate func tell(_ work: @escaping @Sendable (SessionHost) -> Void) {
        for inbox in inboxes { inbox.post(.perform(work)) }
    }
}

@Suite(.timeLimit(.minutes(1))) struct WorkersTests {
    @Test("each worker answers on its own thread, and one that does not answer in time is told apart")
    func ask() throws {
        let (first, second) = (try Host(), try Host())
        let workers = Workers(inboxes: [first.inbox, second.inbox])
        let sessions = first.sessions
        nonisolated(unsafe) let running = sessions
        let thread = try WorkerThread("worker") { try? unsafe running.run() }
        let answers = try workers.ask(patience: 300) { host in host.runtime.policyVersion }
        #expect(answers == ["v1", nil])
        workers.tell { $0.worker.stop() }
        thread.join()
        #expect(second.inbox.takeAll().count == 2)
    }

    @Test("one that has ended is not waited for, and no question is left with it")
    func ended() throws {
        let host = try Host()
        nonisolated(unsafe) let running = host.sessions
        let thread = try WorkerThread("worker") { try? unsafe running.run() }
        let workers = Workers(inboxes: [host.inbox])
        workers.tell { $0.worker.stop() }
        thread.join()
        // Beyond the time limit of this test.
        let answers = try workers.ask(patience: 600_000) { host in host.runtime.policyVersion }
        #expect(answers == [nil])
        #expect(host.inbox.takeAll().isEmpty)
    }
}
