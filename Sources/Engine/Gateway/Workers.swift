internal import Locking

/// All workers of a gateway, as other threads ask them.
struct Workers: Sendable {
    let inboxes: [Inbox]

    /// What each of them answers, in their order; nil for one that has not answered within `patience` milliseconds, since it is
    /// busy or has ended. The question is asked on the workers' threads, between two events, and holds up their connections for as
    /// long as it takes. Not to be called on one of them.
    func ask<Answer: Sendable>(
        patience: Int32 = 2000, _ question: @escaping @Sendable (SessionHost) -> Answer
    ) throws(SystemError) -> [Answer?] {
        let answers = Answers<Answer>(count: inboxes.count, answered: try WakeUp(blocking: false))
        for (index, inbox) in inboxes.enumerated() {
            inbox.post(.perform { host in answers.give(question(host), index) })
        }
        answers.answered.wait(milliseconds: patience)
        return answers.all
    }

    /// Has each of them do something, soon, and does not wait for it.
    func tell(_ work: @escaping @Sendable (SessionHost) -> Void) {
        for inbox in inboxes { inbox.post(.perform(work)) }
    }
}

/// Answers on their way from the workers to whoever has asked.
private final class Answers<Answer: Sendable>: Sendable {
    private let given: Lock<[Answer?]>
    /// Woken when the last one is here.
    let answered: WakeUp

    init(count: Int, answered: WakeUp) {
        given = Lock(Array(repeating: nil, count: count))
        self.answered = answered
    }

    func give(_ answer: Answer, _ index: Int) {
        let isLast = given.withLock { given in
            given[index] = answer
            return given.allSatisfy { $0 != nil }
        }
        if isLast { answered.wake() }
    }

    var all: [Answer?] { given.withLock { $0 } }
}
