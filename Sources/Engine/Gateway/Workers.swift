internal import Locking

/// All workers of a gateway, as other threads ask them.
struct Workers: Sendable {
    let inboxes: [Inbox]

    /// What each of them answers, in their order; nil for one that has not answered within `patience` milliseconds, since it is
    /// busy, or that has ended, which is not waited for. The question is asked on the workers' threads, between two events, and
    /// holds up their connections for as long as it takes. Not to be called on one of them.
    func ask<Answer: Sendable>(
        patience: Int32 = 2000, _ question: @escaping @Sendable (SessionHost) -> Answer
    ) throws(SystemError) -> [Answer?] {
        let answers = Answers<Answer>(count: inboxes.count, answered: try WakeUp(blocking: false))
        for (index, inbox) in inboxes.enumerated() {
            let isAsked = inbox.post(.perform { host in answers.give(question(host), index) })
            if !isAsked { answers.give(nil, index) }
        }
        answers.answered.wait(milliseconds: patience)
        return answers.all
    }
}

/// Answers on their way from the workers to whoever has asked.
private final class Answers<Answer: Sendable>: Sendable {
    private struct State {
        var given: [Answer?]
        /// How many are still to come.
        var missing: Int
    }

    private let state: Lock<State>
    /// Woken when the last one is here.
    let answered: WakeUp

    init(count: Int, answered: WakeUp) {
        state = Lock(State(given: Array(repeating: nil, count: count), missing: count))
        self.answered = answered
    }

    /// Once for each of them; nil for one that will never answer.
    func give(_ answer: Answer?, _ index: Int) {
        let isLast = state.withLock { state in
            state.given[index] = answer
            state.missing -= 1
            return state.missing == 0
        }
        if isLast { answered.wake() }
    }

    var all: [Answer?] { state.withLock { $0.given } }
}
