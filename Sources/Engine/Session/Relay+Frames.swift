internal import PolicyModel
internal import WebSocketProtocol

/// Frames from one peer to the other, as fast as the slower of the two.
extension Relay {
    /// Passes on what `channel` has received.
    func pass(_ bytes: Span<UInt8>, from channel: Channel) {
        let side = channel === client ? Side.client : .upstream
        switch frames.pass(bytes, from: side, isCut: isCut, worker: worker) {
        case .passed: break
        case .needsCare: care()
        case .ignored(let count): session.linger(count)
        case .ended(let outcome): end(by: outcome, from: side)
        }
    }

    /// A message has begun that must end in time, or one side waits for the other. A peer whose own pong cannot leave is not
    /// read until it reads.
    private func care() {
        isCalm = false
        if frames.toClient.owesPong { client.setReading(false) }
        if frames.toUpstream.owesPong { upstream.setReading(false) }
        if frames.hasMessageBegun(at: worker.now) { worker.setDeadline(deadline, for: client) }
    }

    func other(of channel: Channel) -> Channel {
        channel === client ? upstream : client
    }

    // MARK: - Back-pressure

    /// Has the two sides wait for each other, or go on, now that some of what was queued for `channel` has gone.
    func balance(after channel: Channel) {
        if channel === client {
            if channel.isBlocked, channel.blockedSince == worker.now { frames.clientLife.heard(worker.now) }
            frames.toClient.sendPending(&worker.random)
        } else {
            if channel.isBlocked, channel.blockedSince == worker.now { frames.upstreamLife.heard(worker.now) }
            frames.toUpstream.sendPending(&worker.random)
        }
        balance(other(of: channel))
        balance(channel)
        if ending != nil { finishClosed() }
        isCalm =
            ending == nil && client.isReading && upstream.isReading && !client.isBlocked && !upstream.isBlocked
            && !frames.owes
    }

    /// Reads `source` only while its other side has room, with a gap between the two marks so as not to flutter.
    private func balance(_ source: Channel) {
        let limit = terms.limits.bufferedBytes
        let queued = other(of: source).queuedBytes
        let owesPong = source === client ? frames.toClient.owesPong : frames.toUpstream.owesPong
        let mayRead = !owesPong && (source.isReading ? queued < limit * 3 / 4 : queued <= limit / 2)
        guard mayRead != source.isReading else { return }
        source.setReading(mayRead)
        // The time for which it was held back is not its own.
        guard mayRead else { return }
        if source === client {
            frames.fromClient.goesOn(worker.now)
        } else {
            frames.fromUpstream.goesOn(worker.now)
        }
    }
}
