internal import Middleware
internal import PolicyModel
internal import WebSocketProtocol

/// Frames from one peer to the other, as fast as the slower of the two.
extension Relay {
    /// Passes on what `channel` has received.
    func pass(_ bytes: Span<UInt8>, from channel: Channel) {
        let side = channel === client ? Side.client : .upstream
        var start = 0
        repeat {
            switch frames.pass(bytes.extracting(start..<bytes.count), from: side, isCut: isCut, worker: worker) {
            case .passed: return
            case .needsCare: return care()
            case .ignored(let count): return ignore(count, from: channel)
            case .ended(let outcome): return end(by: outcome, from: side)
            case .renewal(let message, let end):
                renew(by: message)
                start += end
            }
        } while true
    }

    /// What comes behind a peer's end is read so that its last word is not lost to a reset, and not for ever: then the peer is
    /// read no more, while the other side still gets what it is owed.
    private func ignore(_ count: Int, from channel: Channel) {
        if channel === client { ignored.ofClient += count } else { ignored.ofUpstream += count }
        if hasIgnoredEnough(of: channel) { channel.setReading(false, watchingHangup: true) }
    }

    private func hasIgnoredEnough(of channel: Channel) -> Bool {
        (channel === client ? ignored.ofClient : ignored.ofUpstream) > Session.maximumLingeredBytes
    }

    /// A message has brought a fresh token.
    private func renew(by message: [UInt8]) {
        // By the policy in force, which may know the issuer's keys no longer: otherwise a connection could be renewed for ever
        // by what has long been withdrawn. Where it renews nothing, the connection ends with the token that it has.
        let inForce = session.host.runtime.renewal(ofRoute: session.standingRoute ?? session.facts.route)
        guard let identity = session.identity, let inForce,
            let renewal = terms.rules.renewal?.judging(as: inForce)
        else { return }
        let now = SystemClock.unixSeconds()
        switch renewal.judge(message, of: identity, from: session.facts.client, now: now) {
        case .renewed(let fresh, let term):
            session.host.identities.remove(session)
            session.host.identities.insert(session, fresh)
            session.facts.renew(fresh)
            hold(until: term)
            self.renew(by: fresh)
            setDeadline()
        case .postponed: break
        case .refused(let reason): end(reason)
        }
    }

    /// A message has begun that must end in time, or one side waits for the other. A peer to whom an answer of its own cannot
    /// leave is not read until it reads, and one whose rate is used up until its time has come. What a peer has sent before it
    /// hung up still passes, but not after so long a time that a silent connection would have ended: nobody would see that the
    /// peer is gone.
    private func care() {
        isCalm = false
        let patience = worker.now.saturatingAdd(terms.timeouts.idle.nanoseconds)
        if frames.mustWait(.client) {
            client.setReading(false, watchingHangup: frames.isHeld(.client, beyond: patience))
        }
        if frames.mustWait(.upstream) {
            upstream.setReading(false, watchingHangup: frames.isHeld(.upstream, beyond: patience))
        }
        if frames.isHeld || frames.hasMessageBegun(at: worker.now) { setDeadline() }
    }

    /// Reads again who was held until now.
    func releaseHeld(at now: Nanoseconds) {
        guard frames.release(at: now) else { return }
        balance(client)
        balance(upstream)
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
            && !frames.owes && !frames.isHeld
    }

    /// Reads `source` only while its other side has room, with a gap between the two marks so as not to flutter.
    private func balance(_ source: Channel) {
        let limit = terms.limits.bufferedBytes
        let queued = other(of: source).queuedBytes
        let mustWait = hasIgnoredEnough(of: source) || frames.mustWait(source === client ? .client : .upstream)
        let mayRead = !mustWait && (source.isReading ? queued < limit * 3 / 4 : queued <= limit / 2)
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
