internal import Middleware
internal import PolicyModel
internal import WebSocketProtocol

/// Frames between two peers, and the many ways in which that ends.
extension Session {
    /// What may be received from `channel` without its other side having more queued than the route allows.
    func relayAllowance(_ relay: Relay, for channel: Channel) -> Int {
        max(1, room(relay, for: channel))
    }

    private func room(_ relay: Relay, for channel: Channel) -> Int {
        let target = channel === relay.toClient.channel ? relay.toUpstream : relay.toClient
        return target.limit - target.channel.queuedBytes
    }

    /// Passes on what there is room for. TLS may have given more, since it had kept a part of a record, and messages may have
    /// grown under a rule: the rest waits in the channel until the other side has taken some.
    func relayReceived(_ relay: Relay, _ channel: Channel, _ bytes: Span<UInt8>) {
        let side = channel === relay.toClient.channel ? Relay.Side.client : .upstream
        var taken = 0
        while taken < bytes.count, channel.isOpen {
            let isOver = side == .client ? relay.fromClient.isOver : relay.fromUpstream.isOver
            guard !isOver else { return linger(bytes.count - taken) }
            let room = room(relay, for: channel)
            guard room > 0 else { return channel.keep(bytes.extracting(taken..<bytes.count)) }
            let part = bytes.extracting(taken..<taken + min(room, bytes.count - taken))
            let outcome = receive(relay, part, from: side)
            handle(outcome, relay, from: side)
            switch outcome {
            case .goOn: taken += part.count
            case .full(let place): taken += place
            case .closed, .failed, .denied: return
            }
        }
    }

    private func receive(_ relay: Relay, _ bytes: Span<UInt8>, from side: Relay.Side) -> Lane.Outcome {
        if side == .client {
            relay.clientLife.heard(worker.now)
            return relay.fromClient.receive(
                bytes, to: &relay.toUpstream, back: &relay.toClient, discards: relay.isCut, worker: worker)
        }
        relay.upstreamLife.heard(worker.now)
        return relay.fromUpstream.receive(
            bytes, to: &relay.toClient, back: &relay.toUpstream, discards: relay.isCut, worker: worker)
    }

    private func handle(_ outcome: Lane.Outcome, _ relay: Relay, from side: Relay.Side) {
        switch outcome {
        case .goOn, .full:
            pauseForPong(relay)
            let openSince = side == .client ? relay.fromClient.openSince : relay.fromUpstream.openSince
            if openSince == worker.now, let client { worker.setDeadline(relay.deadline, for: client) }
            return
        case .closed(let payload):
            passClose(relay, payload, from: side)
        case .failed(let error):
            let (code, reason) = (error.closeCode, CloseReason(error))
            let cause = ClosePayload(code: code, reason: reason.rawValue)
            // The other side is told that its peer has gone; a client, that it was not its own doing.
            let consequence: ClosePayload =
                side == .client || code == .messageTooBig
                ? ClosePayload(code: .goingAway) : ClosePayload(code: .internalError, reason: reason.rawValue)
            endRelay(
                relay, toClient: side == .client ? cause : consequence,
                toUpstream: side == .client ? consequence : cause,
                reason: reason.rawValue)
        case .denied(let code, let reason, let rule):
            let cause = ClosePayload(code: code, reason: reason)
            endRelay(
                relay, toClient: cause, toUpstream: side == .upstream ? cause : ClosePayload(code: .goingAway),
                reason: CloseReason.messageDenied.rawValue, rule: rule)
        }
        finishClosed(relay)
    }

    /// A close frame goes on to the other side as it is; the answer comes back the same way.
    private func passClose(_ relay: Relay, _ payload: ClosePayload, from side: Relay.Side) {
        let code = payload.code?.rawValue ?? CloseCode.noStatus.rawValue
        let isFirst = relay.begin(
            Relay.Ending(
                closedBy: side, code: code,
                reason: (side == .client ? CloseReason.clientClosed : .upstreamClosed).rawValue), now: worker.now)
        if isFirst, let client { worker.setDeadline(relay.deadline, for: client) }
        guard !relay.isCut else { return }
        if side == .client {
            relay.toUpstream.sendClose(payload, &worker.random)
        } else {
            relay.toClient.sendClose(payload, &worker.random)
        }
    }

    /// Ends the connection from the gateway's side.
    func endRelay(
        _ relay: Relay, toClient: ClosePayload, toUpstream: ClosePayload, reason: String, rule: String? = nil
    ) {
        let ending = Relay.Ending(
            closedBy: .gateway, code: toClient.code?.rawValue ?? CloseCode.noStatus.rawValue, reason: reason, rule: rule
        )
        guard relay.begin(ending, now: worker.now) else {
            // It was ending already, and a peer misbehaves on its way out: nothing is left to be said to it.
            return
        }
        relay.toClient.sendClose(toClient, &worker.random)
        relay.toUpstream.sendClose(toUpstream, &worker.random)
        if let client { worker.setDeadline(relay.deadline, for: client) }
    }

    /// Ends the connection for a reason of the policy.
    func endRelay(_ relay: Relay, _ reason: CloseReason, code: CloseCode = .policyViolation) {
        let payload = ClosePayload(code: code, reason: reason.rawValue)
        endRelay(relay, toClient: payload, toUpstream: ClosePayload(code: .goingAway), reason: reason.rawValue)
        finishClosed(relay)
    }

    /// Ends the stream to each side with which all has been said.
    private func finishClosed(_ relay: Relay) {
        if relay.fromClient.isOver, relay.toClient.hasSentClose { relay.toClient.channel.finish() }
        if relay.fromUpstream.isOver, relay.toUpstream.hasSentClose { relay.toUpstream.channel.finish() }
    }

    // MARK: - Ends of streams

    func relayEnded(_ relay: Relay, _ channel: Channel) {
        if channel === relay.toClient.channel {
            clientGone(relay, channel)
        } else {
            upstreamGone(relay, channel)
        }
        endIfAlone()
    }

    private func clientGone(_ relay: Relay, _ channel: Channel) {
        let wasOver = relay.fromClient.isOver
        relay.fromClient.isOver = true
        // Deadlines hang on the client's channel while it is there.
        channel.close()
        if let upstream, upstream.isOpen {
            if !wasOver {
                let isFirst = relay.begin(
                    Relay.Ending(
                        closedBy: .client, code: CloseCode.abnormal.rawValue, reason: CloseReason.clientLost.rawValue),
                    now: worker.now)
                if isFirst { relay.toUpstream.sendClose(ClosePayload(code: .goingAway), &worker.random) }
            }
            if relay.toUpstream.isInsideFrame {
                // A frame that will never be whole: there is no way to say goodbye.
                upstream.close()
            } else if relay.fromUpstream.isOver {
                upstream.finish()
            }
            worker.setDeadline(relay.endDeadline, for: upstream)
        }
    }

    private func upstreamGone(_ relay: Relay, _ channel: Channel) {
        let wasOver = relay.fromUpstream.isOver
        relay.fromUpstream.isOver = true
        channel.close()
        guard let client, client.isOpen else { return }
        if !wasOver {
            let isFirst = relay.begin(
                Relay.Ending(
                    closedBy: .upstream, code: CloseCode.internalError.rawValue,
                    reason: CloseReason.upstreamLost.rawValue),
                now: worker.now)
            if isFirst {
                relay.toClient.sendClose(
                    ClosePayload(code: .internalError, reason: CloseReason.upstreamLost.rawValue), &worker.random)
            } else if relay.ending?.closedBy == .client, let ending = relay.ending {
                // The client has closed and waits for an answer, which the upstream now cannot give.
                relay.toClient.sendClose(
                    ClosePayload(
                        code: ending.code == CloseCode.noStatus.rawValue ? nil : CloseCode(rawValue: ending.code)),
                    &worker.random)
            }
        }
        if relay.toClient.isInsideFrame || relay.fromClient.isOver { client.finish() }
        worker.setDeadline(relay.endDeadline, for: client)
    }

    // MARK: - Back-pressure

    func relayFlushed(_ relay: Relay, _ channel: Channel) {
        defer { if relay.ending != nil { finishClosed(relay) } }
        if channel === relay.toClient.channel {
            if channel.isBlocked, channel.blockedSince == worker.now { relay.clientLife.heard(worker.now) }
            relay.toClient.sendPending(&worker.random)
            balance(relay.toUpstream.channel, against: channel, owesPong: relay.toUpstream.owesPong, relay)
            balance(channel, against: relay.toUpstream.channel, owesPong: relay.toClient.owesPong, relay)
        } else {
            if channel.isBlocked, channel.blockedSince == worker.now { relay.upstreamLife.heard(worker.now) }
            relay.toUpstream.sendPending(&worker.random)
            balance(relay.toClient.channel, against: channel, owesPong: relay.toClient.owesPong, relay)
            balance(channel, against: relay.toClient.channel, owesPong: relay.toUpstream.owesPong, relay)
        }
    }

    /// A peer whose own pong cannot leave is not read until it reads.
    private func pauseForPong(_ relay: Relay) {
        if relay.toClient.owesPong { relay.toClient.channel.setReading(false) }
        if relay.toUpstream.owesPong { relay.toUpstream.channel.setReading(false) }
    }

    /// Reads `source` only while its other side has room, with a gap between the two marks so as not to flutter.
    private func balance(_ source: Channel, against target: Channel, owesPong: Bool, _ relay: Relay) {
        let limit = relay.terms.limits.bufferedBytes
        let queued = target.queuedBytes
        let mayRead = !owesPong && (source.isReading ? queued < limit * 3 / 4 : queued <= limit / 2)
        guard mayRead != source.isReading else { return }
        source.setReading(mayRead)
        // The time for which it was held back is not its own.
        guard mayRead else { return }
        if source === relay.toClient.channel {
            relay.fromClient.goesOn(worker.now)
        } else {
            relay.fromUpstream.goesOn(worker.now)
        }
    }

    // MARK: - Time

    func relayDeadlinePassed(_ relay: Relay, _ now: Nanoseconds) {
        guard relay.ending == nil else { return cutOff(relay) }
        let timeouts = relay.terms.timeouts
        if now >= relay.expiry {
            endRelay(relay, .tokenExpired)
        } else if now >= relay.lifetimeEnd {
            endRelay(relay, .lifetimeExceeded)
        } else if now >= relay.lastData.saturatingAdd(timeouts.idle.nanoseconds) {
            endRelay(relay, .idleTimeout)
        } else if now >= relay.messageDeadline {
            endRelay(relay, .messageTimeout)
        } else {
            checkLife(relay, now)
        }
        let channel = client ?? upstream
        if let channel, channel.isOpen { worker.setDeadline(relay.deadline, for: channel) }
    }

    private func checkLife(_ relay: Relay, _ now: Nanoseconds) {
        let (toClient, toUpstream) = (relay.toClient.channel, relay.toUpstream.channel)
        // A pong cannot come before all that the ping stands behind has been read.
        if toClient.hasAdvanced() { relay.clientLife.heard(now) }
        if toUpstream.hasAdvanced() { relay.upstreamLife.heard(now) }
        if now >= relay.writeDeadline(of: toClient) { return endRelay(relay, .writeTimeout) }
        if now >= relay.writeDeadline(of: toUpstream) { return endRelay(relay, .upstreamLost, code: .internalError) }
        // Who is not read cannot be heard: the other side, for which it is held back, is the one whose time runs.
        if !toClient.isReading { relay.clientLife.heard(now) }
        if !toUpstream.isReading { relay.upstreamLife.heard(now) }
        switch relay.clientLife.check(now) {
        case .ping(let number): relay.toClient.sendPing(number, &worker.random)
        case .lost: return endRelay(relay, .pongTimeout)
        case .nothing: break
        }
        switch relay.upstreamLife.check(now) {
        case .ping(let number): relay.toUpstream.sendPing(number, &worker.random)
        case .lost: endRelay(relay, .upstreamLost, code: .internalError)
        case .nothing: break
        }
    }

    /// The close handshake has taken too long. A client that closed and got no answer gets the gateway's.
    private func cutOff(_ relay: Relay) {
        if let ending = relay.ending, !relay.toClient.isClosing, relay.toClient.channel.isOpen {
            let code = CloseCode(rawValue: ending.code)
            relay.toClient.sendClose(ClosePayload(code: code.mayBeSent ? code : nil), &worker.random)
            relay.toClient.channel.flush()
        }
        end()
    }

    /// Writes the audit record of a relay that is over.
    func relayOver(_ relay: Relay) {
        relay.fromClient.release(worker)
        relay.fromUpstream.release(worker)
        facts.close(relay, now: worker.now)
        host.write(facts)
    }
}

extension CloseReason {
    /// What the audit log calls a peer's mistake.
    init(_ error: FrameError) {
        switch error {
        case .protocolViolation: self = .protocolError
        case .invalidUTF8: self = .invalidText
        case .messageTooBig: self = .messageTooBig
        }
    }
}
