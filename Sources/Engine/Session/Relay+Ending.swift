internal import Middleware
internal import PolicyModel
internal import WebSocketProtocol

/// How a relay comes to its end: by a close frame, by a mistake or a rule, by the end of a stream, or by time.
extension Relay {
    /// Ends as what has been received demands.
    func end(by outcome: Lane.Outcome, from side: Side) {
        switch outcome {
        case .goOn, .held, .renewal:
            return
        case .closed(let payload):
            passClose(payload, from: side)
        case .failed(let error):
            let (code, reason) = (error.closeCode, CloseReason(error))
            let cause = ClosePayload(code: code, reason: reason.rawValue)
            // The other side is told that its peer has gone; a client, that it was not its own doing.
            let consequence: ClosePayload =
                side == .client || code == .messageTooBig
                ? ClosePayload(code: .goingAway) : ClosePayload(code: .internalError, reason: reason.rawValue)
            end(
                toClient: side == .client ? cause : consequence, toUpstream: side == .client ? consequence : cause,
                reason: reason.rawValue)
        case .denied(let code, let reason, let rule):
            refuse(ClosePayload(code: code, reason: reason), of: side, .denied(reason), rule: rule)
        case .exceeded(let reason, let rate):
            let cause = ClosePayload(code: .policyViolation, reason: reason.rawValue)
            refuse(cause, of: side, reason, rule: terms.rates[rate].name)
        }
        finishClosed()
    }

    /// Ends the connection for what `side` has sent. The client is told of it, whoever it was.
    private func refuse(_ cause: ClosePayload, of side: Side, _ reason: CloseReason, rule: String) {
        end(
            toClient: cause, toUpstream: side == .upstream ? cause : ClosePayload(code: .goingAway),
            reason: reason.rawValue, rule: rule)
    }

    /// A close frame goes on to the other side as it is; the answer comes back the same way.
    private func passClose(_ payload: ClosePayload, from side: Side) {
        let code = payload.code?.rawValue ?? CloseCode.noStatus.rawValue
        let isFirst = begin(
            Ending(
                closedBy: side, code: code,
                reason: (side == .client ? CloseReason.clientClosed : .upstreamClosed).rawValue), now: worker.now)
        if isFirst { worker.setDeadline(deadline, for: client) }
        guard !isCut else { return }
        if side == .client {
            frames.toUpstream.sendClose(payload, &worker.random)
        } else {
            frames.toClient.sendClose(payload, &worker.random)
        }
    }

    /// Ends the connection from the gateway's side.
    private func end(
        toClient clientPayload: ClosePayload, toUpstream upstreamPayload: ClosePayload, reason: String,
        rule: String? = nil
    ) {
        let ending = Ending(
            closedBy: .gateway, code: clientPayload.code?.rawValue ?? CloseCode.noStatus.rawValue, reason: reason,
            rule: rule)
        // It may be ending already, and a peer misbehaves on its way out: then nothing is left to be said to it.
        guard begin(ending, now: worker.now) else { return }
        frames.toClient.sendClose(clientPayload, &worker.random)
        frames.toUpstream.sendClose(upstreamPayload, &worker.random)
        worker.setDeadline(deadline, for: client)
    }

    /// Ends the connection for a reason of the policy.
    func end(_ reason: CloseReason, code: CloseCode = .policyViolation) {
        let payload = ClosePayload(code: code, reason: reason.rawValue)
        end(toClient: payload, toUpstream: ClosePayload(code: .goingAway), reason: reason.rawValue)
        finishClosed()
    }

    /// Ends the connection for a fresh token that does not hold.
    func end(_ reason: RefusalReason) {
        let payload = ClosePayload(code: reason.closeCode, reason: reason.rawValue)
        end(toClient: payload, toUpstream: ClosePayload(code: .goingAway), reason: reason.rawValue)
        finishClosed()
    }

    /// Ends the stream to each side with which all has been said.
    func finishClosed() {
        if frames.fromClient.isOver, frames.toClient.hasSentClose { client.finish() }
        if frames.fromUpstream.isOver, frames.toUpstream.hasSentClose { upstream.finish() }
    }

    // MARK: - Ends of streams

    /// The stream from one of the peers has ended, or is broken.
    func lost(_ channel: Channel) {
        if channel === client { clientGone() } else { upstreamGone() }
        session.endIfAlone()
    }

    private func clientGone() {
        let wasOver = frames.fromClient.isOver
        frames.fromClient.isOver = true
        // Deadlines hang on the client's channel while it is there.
        client.close()
        guard upstream.isOpen else { return }
        if !wasOver {
            let isFirst = begin(
                Ending(closedBy: .client, code: CloseCode.abnormal.rawValue, reason: CloseReason.clientLost.rawValue),
                now: worker.now)
            if isFirst { frames.toUpstream.sendClose(ClosePayload(code: .goingAway), &worker.random) }
        }
        if frames.toUpstream.isInsideFrame {
            // A frame that will never be whole: there is no way to say goodbye.
            upstream.close()
        } else if frames.fromUpstream.isOver {
            upstream.finish()
        }
        worker.setDeadline(endDeadline, for: upstream)
    }

    private func upstreamGone() {
        let wasOver = frames.fromUpstream.isOver
        frames.fromUpstream.isOver = true
        upstream.close()
        guard client.isOpen else { return }
        if !wasOver {
            let isFirst = begin(
                Ending(
                    closedBy: .upstream, code: CloseCode.internalError.rawValue,
                    reason: CloseReason.upstreamLost.rawValue), now: worker.now)
            if isFirst {
                frames.toClient.sendClose(
                    ClosePayload(code: .internalError, reason: CloseReason.upstreamLost.rawValue), &worker.random)
            } else if let ending, ending.closedBy == .client {
                // The client has closed and waits for an answer, which the upstream now cannot give.
                frames.toClient.sendClose(
                    ClosePayload(
                        code: ending.code == CloseCode.noStatus.rawValue ? nil : CloseCode(rawValue: ending.code)),
                    &worker.random)
            }
        }
        if frames.toClient.isInsideFrame || frames.fromClient.isOver { client.finish() }
        worker.setDeadline(endDeadline, for: client)
    }

    // MARK: - Time

    /// A deadline has passed: one of the route's, or that of an end that has begun.
    func checkTime(_ now: Nanoseconds) {
        guard ending == nil else { return cutOff() }
        releaseHeld(at: now)
        if now >= identityEnd {
            end(identityEndReason)
        } else if now >= lifetimeEnd {
            end(.lifetimeExceeded)
        } else if now >= lastData.saturatingAdd(terms.timeouts.idle.nanoseconds) {
            end(.idleTimeout)
        } else if now >= messageDeadline {
            end(.messageTimeout)
        } else {
            checkLife(now)
        }
        worker.setDeadline(deadline, for: client)
    }

    private func checkLife(_ now: Nanoseconds) {
        // A pong cannot come before all that the ping stands behind has been read.
        if client.hasAdvanced() { frames.clientLife.heard(now) }
        if upstream.hasAdvanced() { frames.upstreamLife.heard(now) }
        if now >= writeDeadline(of: client) { return end(.writeTimeout) }
        if now >= writeDeadline(of: upstream) { return end(.upstreamLost, code: .internalError) }
        // Who is not read cannot be heard: the other side, for which it is held back, is the one whose time runs.
        if !client.isReading { frames.clientLife.heard(now) }
        if !upstream.isReading { frames.upstreamLife.heard(now) }
        switch frames.clientLife.check(now) {
        case .ping(let number): frames.toClient.sendPing(number, &worker.random)
        case .lost: return end(.pongTimeout)
        case .nothing: break
        }
        switch frames.upstreamLife.check(now) {
        case .ping(let number): frames.toUpstream.sendPing(number, &worker.random)
        case .lost: end(.upstreamLost, code: .internalError)
        case .nothing: break
        }
    }

    /// The close handshake has taken too long. A client that closed and got no answer gets the gateway's.
    private func cutOff() {
        if let ending, !frames.toClient.isClosing, client.isOpen {
            let code = CloseCode(rawValue: ending.code)
            frames.toClient.sendClose(ClosePayload(code: code.mayBeSent ? code : nil), &worker.random)
            client.flush()
        }
        session.end()
    }
}

extension CloseReason {
    /// What the audit log calls a rule's end: a reason of the gateway's own, and for all that policies say there is one.
    fileprivate static func denied(_ reason: String) -> CloseReason {
        [.schemaMismatch, .messageRateExceeded, .messageTooBig].first { $0.rawValue == reason } ?? .messageDenied
    }

    /// What the audit log calls a peer's mistake.
    init(_ error: FrameError) {
        switch error {
        case .protocolViolation: self = .protocolError
        case .invalidUTF8: self = .invalidText
        case .messageTooBig: self = .messageTooBig
        }
    }
}
