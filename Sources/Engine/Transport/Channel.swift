internal import Crypto
internal import Glibc

/// A byte stream to one peer, over TCP or over TLS over TCP: what the handshake and the relay speak to.
///
/// Bytes to be sent queue up, and are sent at the end of the wake-up, all sockets together. A channel that is idle holds
/// no buffer. Bound to its worker's thread.
final class Channel {
    private unowned let worker: Worker
    /// The channel's place in its worker's table.
    let slot: Int
    /// The number of the descriptor's key in epoll.
    let key: UInt64
    /// nil once the channel is closed.
    private(set) var owner: ChannelOwner?

    private var descriptor: Descriptor?
    private let number: Int32
    private let tls: TLSSession?
    private var isSecure: Bool
    private var isConnecting: Bool

    /// What waits to be encrypted, or to be sent where there is no TLS.
    private var queue: ByteQueue
    /// Encrypted bytes that the kernel would not take.
    private var sealed: ByteQueue
    /// Bytes that TLS has put into ``sealed`` on its own account since that was last empty.
    private var unsentOverhead = 0
    /// More of it than a handshake can need. A peer that asks for key updates and does not read them is given up there.
    private static let maximumOverhead = 64 * 1024
    private var interest: Interest
    fileprivate(set) var isDirty = false
    private var output = Output.open

    private enum Output {
        case open
        /// What is queued is still sent, and then the end.
        case ending
        case ended
    }

    /// Whether the kernel's buffer is full, so that what is queued has to wait for the peer.
    private(set) var isBlocked = false
    /// Since when the kernel has taken nothing, while ``isBlocked``.
    private(set) var blockedSince: Nanoseconds = 0
    /// Bytes that the kernel has taken, and how many of them the peer had when that was last asked.
    private var sentBytes = 0
    private var arrivedBytes = 0
    private(set) var isReading = true
    /// The peer has ended its stream: there is nothing left to read.
    private var hasEnded = false

    /// A channel over a connected socket, or over one that is connecting.
    init(
        worker: Worker, slot: Int, key: UInt64, descriptor: consuming Descriptor, tls: consuming TLSSession?,
        isConnecting: Bool, owner: ChannelOwner
    ) {
        self.worker = worker
        self.slot = slot
        self.key = key
        number = descriptor.number
        self.descriptor = consume descriptor
        isSecure = tls == nil
        self.tls = consume tls
        self.isConnecting = isConnecting
        self.owner = owner
        queue = ByteQueue(pool: worker.pool)
        sealed = ByteQueue(pool: worker.pool)
        interest = isConnecting ? [.writable] : [.readable, .hangup]
    }

    /// The interest that the channel is to be registered with.
    var initialInterest: Interest { interest }
    var fileDescriptor: Int32 { number }
    var isOpen: Bool { owner != nil }
    /// Bytes that wait, encrypted or not.
    var queuedBytes: Int { queue.count + sealed.count }
    /// Whether more may be queued.
    var isWritable: Bool { output == .open && owner != nil }

    /// Queues `count` bytes that `body` writes; all of them are sent at the end of the wake-up.
    func append(_ count: Int, _ body: (inout MutableSpan<UInt8>) -> Void) {
        guard isWritable else { return }
        queue.append(count, body)
        worker.markDirty(self)
    }

    /// Queues `bytes`.
    func append(_ bytes: [UInt8]) {
        guard isWritable else { return }
        queue.append(bytes)
        worker.markDirty(self)
    }

    /// Sends what is queued, then the end of the stream (close_notify and FIN). The peer is still read.
    func finish() {
        guard output == .open, isOpen else { return }
        output = .ending
        worker.markDirty(self)
    }

    /// Ends the connection at once. What the kernel has is still sent by it; what is queued is lost.
    func close() {
        guard isOpen else { return }
        owner = nil
        queue.release()
        sealed.release()
        descriptor = nil
        worker.release(self)
    }

    /// Reads the peer, or leaves what it sends in the kernel: that is how it is told to wait.
    func setReading(_ reads: Bool, watchingHangup: Bool = false) {
        guard isOpen, !hasEnded else { return }
        isReading = reads
        var wanted: Interest = reads ? [.readable, .hangup] : watchingHangup ? [.hangup] : []
        if interest.contains(.writable) { wanted.insert(.writable) }
        setInterest(wanted)
    }

    /// Whether the peer, for which bytes wait, has taken some since this was last asked. The kernel holds megabytes for a slow
    /// peer, and says that there is room only when a third of them is gone; that a peer reads is seen here long before.
    func hasAdvanced() -> Bool {
        guard isOpen else { return false }
        let waiting = Socket.unacknowledged(number)
        let before = arrivedBytes
        arrivedBytes = sentBytes - waiting
        guard waiting > 0, arrivedBytes > before else { return false }
        if isBlocked { blockedSince = worker.now }
        return true
    }

    private func setInterest(_ wanted: Interest) {
        guard wanted != interest else { return }
        interest = wanted
        worker.poller.change(number, wanted, key: key)
    }
}

// MARK: - Events

extension Channel {
    /// Handles what epoll says of the socket.
    func handle(_ readiness: Readiness) {
        if readiness.isWritable, isConnecting {
            isConnecting = false
            setInterest([.readable, .hangup])
            let error = Socket.connectError(of: number)
            // What was queued meanwhile could not be flushed before.
            if error == nil { worker.markDirty(self) }
            owner?.channelDidConnect(self, error: error)
            return
        }
        if readiness.isWritable, interest.contains(.writable) { flush() }
        guard let owner else { return }
        if isReading, readiness.isReadable || readiness.isPeerDone {
            receive(atMost: owner.allowance(for: self))
        } else if !isReading, readiness.isBroken || (interest.contains(.hangup) && readiness.isPeerDone) {
            owner.channelFailed(self)
        }
    }

    private func receive(atMost allowance: Int) {
        let limit = max(1, min(allowance, Worker.bufferBytes))
        let buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: worker.received[..<limit])
        switch unsafe Socket.receive(number, into: buffer) {
        case .bytes(let count):
            // The kernel has written `count` bytes, no more than the buffer holds.
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
            if tls == nil {
                unsafe owner?.channel(self, received: Span<UInt8>(_unsafeBytes: bytes))
            } else {
                unsafe worker.transfer.withInput(bytes) { decrypt() }
            }
        case .nothing:
            break
        case .ended:
            end()
        case .failed:
            owner?.channelFailed(self)
        }
    }

    /// Takes all that has arrived through TLS and hands it on, a buffer at a time.
    private func decrypt() {
        if !isSecure, !continueHandshake() { return }
        while isOpen {
            var filled = 0
            var last = Last.none
            var isDry = false
            fill: while Worker.decryptedBytes - filled >= Worker.recordBytes {
                let room = unsafe UnsafeMutableRawBufferPointer(rebasing: worker.decrypted[filled...])
                switch unsafe tls?.read(into: room) {
                case .bytes(let count):
                    filled += count
                case .ended:
                    last = .end
                    isDry = true
                    break fill
                case .failed:
                    last = .failure
                    isDry = true
                    break fill
                case .needsInput, nil:
                    isDry = true
                    break fill
                }
            }
            collectSealed()
            guard unsentOverhead <= Self.maximumOverhead else {
                owner?.channelFailed(self)
                return
            }
            if filled > 0 {
                // `filled` bytes were written by TLS into the worker's buffer, which nobody else uses meanwhile.
                let bytes = unsafe UnsafeRawBufferPointer(rebasing: worker.decrypted[..<filled])
                unsafe owner?.channel(self, received: Span<UInt8>(_unsafeBytes: bytes))
            }
            switch last {
            case .none: break
            case .end: end()
            case .failure: owner?.channelFailed(self)
            }
            if isDry { return }
        }
    }

    /// What came behind the last plain bytes.
    private enum Last {
        case none
        case end
        case failure
    }

    private func end() {
        // Level-triggered: an end must be taken out of the interest, or it would be told again and again.
        setReading(false)
        hasEnded = true
        owner?.channelEnded(self)
    }

    /// Begins TLS as its client, which speaks first.
    func startHandshake() {
        _ = continueHandshake()
    }

    /// False where the handshake is not complete.
    private func continueHandshake() -> Bool {
        let step = tls?.handshake()
        // An alert is worth sending, too.
        collectSealed()
        switch step {
        case .complete:
            isSecure = true
            // What was queued meanwhile could not be encrypted before.
            worker.markDirty(self)
            owner?.channelIsSecure(self)
            return true
        case .failed(let error):
            flush()
            owner?.channelFailed(self, error)
            return false
        case .needsInput, nil:
            return false
        }
    }

    /// Takes what TLS has written of itself: handshakes, tickets, alerts.
    private func collectSealed() {
        guard worker.transfer.outputCount > 0 else { return }
        unsentOverhead += worker.transfer.outputCount
        unsafe worker.transfer.takeOutput { unsafe sealed.append($0) }
        worker.markDirty(self)
    }
}

// MARK: - Sending

extension Channel {
    /// Sends what is queued, as far as the kernel takes it.
    func flush() {
        guard isOpen, !isConnecting else { return }
        let before = queuedBytes
        let result = sendAll()
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

    private enum Sending {
        case done
        case blocked
        case failed
    }

    private func sendAll() -> Sending {
        guard tls != nil else {
            let result = send(&queue)
            if result == .done { endOutput() }
            return result
        }
        let result = send(&sealed)
        guard result == .done else { return result }
        unsentOverhead = 0
        // Before the handshake is complete nothing can be encrypted; what is queued waits for it.
        while isSecure, !queue.isEmpty {
            let isWhole = unsafe queue.withBytes { unsafe tls?.write($0) ?? false }
            queue.release()
            guard isWhole else {
                // What a failed write leaves behind must not go out on the next session's socket.
                unsafe worker.transfer.takeOutput { _ in }
                return .failed
            }
            let result = sendSealed()
            guard result == .done else { return result }
        }
        guard output == .ending else { return .done }
        tls?.end()
        let last = sendSealed()
        if last == .done { endOutput() }
        return last
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
            switch unsafe Socket.send(number, bytes) {
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
