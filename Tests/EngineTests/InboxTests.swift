import Testing
import Tokens

@testable import Engine

@Suite struct InboxTests {
    @Test("a worker's messages and its load")
    func inbox() throws {
        let inbox = try Inbox()
        inbox.post(.drain(window: 1))
        inbox.post(.revoked([]))
        let taken = inbox.takeAll()
        #expect(taken.count == 2)
        guard case .drain(window: 1) = taken[0], case .revoked = taken[1] else {
            Issue.record("the messages came in another order")
            return
        }
        #expect(inbox.load.add() == 1 && inbox.load.add() == 2)
        inbox.load.remove()
        #expect(inbox.load.value == 1)
    }

    @Test("once the worker has ended nothing waits for it any more")
    func closed() throws {
        let inbox = try Inbox()
        let before = inbox.post(.shed)
        inbox.close()
        let after = inbox.post(.shed)
        #expect(before && !after)
        #expect(inbox.takeAll().isEmpty)
    }

    @Test("a drain is known to the sessions of every worker before any of them takes the message")
    func stopAdmitting() throws {
        let host = try Host()
        #expect(host.sessions.isAdmitting)
        host.inbox.stopAdmitting()
        #expect(!host.sessions.isAdmitting)
        #expect(host.inbox.takeAll().isEmpty)
    }
}
