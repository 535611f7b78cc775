import Testing

@testable import Engine

@Suite(.timeLimit(.minutes(1))) struct MailboxTests {
    @Test("messages come in their order, once, and the descriptor tells of them")
    func order() throws {
        let mailbox = try Mailbox<Int>()
        let poller = try Poller()
        try poller.add(mailbox.wakeDescriptor, [.readable], key: 1)
        #expect(mailbox.takeAll().isEmpty)
        for number in 1...3 { mailbox.post(number) }
        #expect(poller.wait(milliseconds: 0) == 1)
        #expect(mailbox.takeAll() == [1, 2, 3])
        #expect(poller.wait(milliseconds: 0) == 0)
        mailbox.post(4)
        #expect(poller.wait(milliseconds: 0) == 1)
        #expect(mailbox.takeAll() == [4])
    }

    @Test("once closed it gives what nobody has taken, and takes no more")
    func closed() throws {
        let mailbox = try Mailbox<Int>()
        #expect(mailbox.post(1))
        #expect(mailbox.close() == [1])
        #expect(!mailbox.post(2))
        #expect(mailbox.takeAll().isEmpty)
    }

    @Test("none is lost between two threads, and no wake-up either")
    func concurrent() throws {
        let mailbox = try Mailbox<Int>()
        let poller = try Poller()
        try poller.add(mailbox.wakeDescriptor, [.readable], key: 1)
        let count = 20_000
        let thread = try WorkerThread("poster") {
            for number in 0..<count { mailbox.post(number) }
        }
        var taken: [Int] = []
        while taken.count < count {
            // Would wait for ever if a wake-up were lost.
            _ = poller.wait(milliseconds: -1)
            taken += mailbox.takeAll()
        }
        thread.join()
        #expect(taken == Array(0..<count))
    }
}
