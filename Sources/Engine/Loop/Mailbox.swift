internal import Locking

/// Where other threads leave messages for one that sleeps in its poller.
final class Mailbox<Message: Sendable>: Sendable {
    private struct State {
        var messages: [Message] = []
        var isClosed = false
    }

    private let state = Lock(State())
    private let wake: WakeUp

    init() throws(SystemError) {
        wake = try WakeUp(blocking: false)
    }

    /// Readable when there are messages.
    var wakeDescriptor: Int32 { wake.number }

    /// False where nobody will take it any more.
    @discardableResult
    func post(_ message: Message) -> Bool {
        let (isTaken, isFirst) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.messages.append(message)
            return (true, state.messages.count == 1)
        }
        if isFirst { wake.wake() }
        return isTaken
    }

    func takeAll() -> [Message] {
        wake.take()
        return state.withLock { state in
            let all = state.messages
            state.messages.removeAll()
            return all
        }
    }

    /// Takes no message from now on; gives what nobody has taken.
    func close() -> [Message] {
        state.withLock { $0.isClosed = true }
        return takeAll()
    }
}
