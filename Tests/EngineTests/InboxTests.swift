import Synchronization
import Testing
import Tokens

@testable import Engine

extension WorkerMessage {
    fileprivate var window: Nanoseconds? {
        if case .drain(let window) = self { window } else { nil }
    }
}

@Suite(.timeLimit(.minutes(1))) struct InboxTests {
    @Test("messages come in their order, once, and the descriptor tells of them")
    func order() throws {
        let inbox = try Inbox()
        let poller = try Poller()
        try poller.add(inbox.wakeDescriptor, [.readable], key: 1)
        #expect(inbox.takeAll().isEmpty)
        inbox.post(.drain(window: 1))
        inbox.post(.revoked([]))
        inbox.post(.drain(window: 2))
        #expect(poller.wait(milliseconds: 0) == 1)
        #expect(inbox.takeAll().map(\.window) == [1, nil, 2])
        #expect(poller.wait(milliseconds: 0) == 0)
        inbox.post(.drain(window: 3))
        #expect(poller.wait(milliseconds: 0) == 1)
        #expect(inbox.takeAll().map(\.window) == [3])
    }

    @Test("none is lost between two threads, and no wake-up either")
    func concurrent() throws {
        let inbox = try Inbox()
        let poller = try Poller()
        try poller.add(inbox.wakeDescriptor, [.readable], key: 1)
        let count = 20_000
        let thread = try WorkerThread("poster") {
            for index in 0..<count { inbox.post(.drain(window: Int64(index))) }
        }
        var taken: [Nanoseconds] = []
        while taken.count < count {
            // Would wait for ever if a wake-up were lost.
            _ = poller.wait(milliseconds: -1)
            taken += inbox.takeAll().compactMap(\.window)
        }
        thread.join()
        #expect(taken == (0..<Int64(count)).map { $0 })
    }
}
