internal import Locking

/// Where other threads leave messages for one that sleeps in its poller.
final class Mailbox<Message: Sendable>: Sendable {
    private let messages = Lock<[Message]>([])
    private let wake: WakeUp

    init() throws(SystemError) {
        wake = try WakeUp(blocking: false)
    }

    /// Readable when there are messages.
    var wakeDescriptor: Int32 { wake.number }

    func post(_ message: Message) {
        let wasEmpty = messages.withLock { messages in
            messages.append(message)
            return messages.count == 1
        }
        if wasEmpty { wake.wake() }
    }

    func takeAll() -> [Message] {
        wake.take()
        return messages.withLock { messages in
            let all = messages
            messages.removeAll()
            return all
        }
    }
}
