internal import Crypto

/// What is queued, encrypted where there is TLS, and sent as far as the kernel takes it.
extension Channel {
    /// Sends what is queued, as far as the kernel takes it.
    func flush() {
        guard isOpen, !isConnecting else { return }
        let before = queuedBytes
        let result = sendAll()
        noteSent(isDone: result == .done && isSecure)
        guard result != .failed else {
            owner?.channelFailed(self)
            return
        }
        if result == .blocked {
            if !isBlocked || queuedBytes < before { blockedSince = worker.now }
            isBlocked = true
            setInterest(interest.union(.writable))
        } else if isBlocked {
            isBlocked = false
            setInterest(interest.subtracting(.writable))
        }
        if before > 0 { owner?.channelFlushed(self) }
    }

    enum Sending {
        case done
        case blocked
        case failed
    }

    func sendAll() -> Sending {
        guard tls != nil else {
            let result = send(&queue)
            if result == .done { endOutput() }
            return result
        }
        if !sealed.isEmpty {
            let rest = send(&sealed)
            guard rest == .done else { return rest }
        }
        unsentOverhead = 0
        // Before the handshake is complete nothing can be encrypted; what is queued waits for it.
        if isSecure {
            guard unsafe queue.takeAll({ unsafe tls?.write($0) ?? false }) else {
                // What a failed write leaves behind must not go out on the next session's socket.
                unsafe worker.transfer.takeOutput { _ in }
                return .failed
            }
        }
        // The last word and the end behind it are one packet.
        if output == .ending { tls?.end() }
        let result = sendSealed()
        if result == .done { endOutput() }
        return result
    }

    private func endOutput() {
        guard output == .ending else { return }
        output = .ended
        Socket.endSending(number)
    }

    private func send(_ queue: inout ByteQueue) -> Sending {
        guard !queue.isEmpty else { return .done }
        switch unsafe queue.withBytes({ unsafe Socket.send(number, $0) }) {
        case .failed: return .failed
        case .sent(let count):
            sentBytes &+= count
            queue.drop(count)
            return queue.isEmpty ? .done : .blocked
        }
    }

    /// Sends what TLS has just written, straight from its buffer; what the kernel does not take is kept.
    private func sendSealed() -> Sending {
        unsafe worker.transfer.takeOutput { bytes in
            guard bytes.count > 0 else { return .done }
            switch unsafe Socket.send(number, bytes, endFollows: output == .ending) {
            case .failed: return .failed
            case .sent(let count):
                sentBytes &+= count
                guard count < bytes.count else { return .done }
                unsafe sealed.append(UnsafeRawBufferPointer(rebasing: bytes[count...]))
                return .blocked
            }
        }
    }

    /// Called by the worker when the wake-up's flush comes to this channel.
    func flushAtEndOfWakeUp() {
        isDirty = false
        flush()
    }

    /// Notes that the channel stands in the worker's list; false where it did already.
    func becomeDirty() -> Bool {
        guard !isDirty, isOpen else { return false }
        isDirty = true
        return true
    }
}
