internal import Crypto

/// What arrives, through TLS where there is any, and the ends of streams.
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
        if isReading, !isKeeping, readiness.isReadable || readiness.isPeerDone {
            receive(atMost: owner.allowance(for: self), owner)
        } else if !isReading, readiness.isBroken || (watchesHangup && readiness.isPeerDone) {
            owner.channelFailed(self)
        } else {
            narrowInterest()
        }
    }

    private func receive(atMost allowance: Int, _ owner: ChannelOwner) {
        let limit = max(1, min(allowance, Worker.bufferBytes))
        let buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: worker.received[..<limit])
        switch unsafe Socket.receive(number, into: buffer) {
        case .bytes(let count):
            // The kernel has written `count` bytes, no more than the buffer holds.
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
            if tls == nil {
                unsafe owner.channel(self, received: Span<UInt8>(_unsafeBytes: bytes))
            } else {
                unsafe worker.transfer.withInput(bytes) { decrypt() }
            }
        case .nothing:
            break
        case .ended:
            end()
        case .failed:
            owner.channelFailed(self)
        }
    }

    /// Takes bytes of its TLS that another channel over the same socket has received.
    func take(_ bytes: Span<UInt8>) {
        guard isOpen, !bytes.isEmpty else { return }
        unsafe bytes.withUnsafeBytes { bytes in unsafe worker.transfer.withInput(bytes) { decrypt() } }
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
                    guard tls?.isDry() != true else {
                        isDry = true
                        break fill
                    }
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
                unsafe deliver(Span<UInt8>(_unsafeBytes: bytes))
            }
            switch last {
            case .none: break
            case .end: end()
            case .failure: owner?.channelFailed(self)
            }
            if isDry { return }
        }
    }

    private func deliver(_ bytes: Span<UInt8>) {
        if isKeeping { keep(bytes) } else { owner?.channel(self, received: bytes) }
    }

    /// Puts bytes back that have just been received and that there is no room for. The channel is not read until the owner
    /// has it read again, and then they come first.
    ///
    /// Never more than one receive brings: what a peer may send, and the part of a TLS record that came before.
    func keep(_ bytes: Span<UInt8>) {
        guard isOpen, !bytes.isEmpty else { return }
        unsafe bytes.withUnsafeBytes { unsafe kept.append($0) }
        isKeeping = true
        if isReading { setReading(false) }
    }

    /// Hands on what was kept, as far as the owner takes it. Called by the worker in the wake-up after it asked for more.
    func resume() {
        guard isOpen, isReading, isKeeping else { return }
        var bytes = ByteQueue(pool: worker.pool)
        swap(&bytes, &kept)
        isKeeping = false
        // The queue is this call's own, and nobody changes it meanwhile.
        unsafe bytes.withBytes { unsafe deliver(Span<UInt8>(_unsafeBytes: $0)) }
        guard isOpen, !isKeeping else { return }
        if endIsKept { end() } else { setReading(isReading) }
    }

    /// What came behind the last plain bytes.
    private enum Last {
        case none
        case end
        case failure
    }

    private func end() {
        guard !isKeeping else {
            endIsKept = true
            return
        }
        isReading = false
        hasEnded = true
        owner?.channelEnded(self)
        // Most owners have closed by now.
        narrowInterest()
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
            // The alert, where the peer still takes it; that it does not is no other failure.
            _ = sendAll()
            owner?.channelFailed(self, error)
            return false
        case .needsInput, nil:
            return false
        }
    }

    /// Takes what TLS has written of itself: handshakes, tickets, alerts.
    private func collectSealed() {
        let count = worker.transfer.outputCount
        guard count > 0 else { return }
        unsentOverhead += count
        unsafe worker.transfer.takeOutput { unsafe sealed.append($0) }
        noteQueued(count)
    }
}
