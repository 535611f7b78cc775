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
        if isFirst { setDeadline() }
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
        guard begin(ending, now: worker.now) else { return cutShort() }
        frames.toClient.sendClose(clientPayload, &worker.random)
        frames.toUpstream.sendClose(upstreamPayload, &worker.random)
        setDeadline()
    }

    /// What a peer has begun to end, the gateway has a reason to end now: the other side misbehaves on its way out, or the
    /// client may stay no longer.
    private func cutShort() {
        guard cut(now: worker.now) else { return }
        answerCloser()
        setDeadline()
    }

    /// Gives whoever closed first its own code back, since the other side's answer can come no more, or is not waited for.
    private func answerCloser() {
        guard let ending else { return }
        let code = CloseCode(rawValue: ending.code)
        let payload = ClosePayload(code: code.mayBeSent ? code : nil)
        switch ending.closedBy {
        case .client: frames.toClient.sendClose(payload, &worker.random)
        case .upstream: frames.toUpstream.sendClose(payload, &worker.random)
        case .gateway: break
        }
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
        client.close()
        guard upstream.isOpen else { return }
        let loss = Ending(
            closedBy: .client, code: CloseCode.abnormal.rawValue, reason: CloseReason.clientLost.rawValue)
        if !wasOver, begin(loss, now: worker.now) {
            frames.toUpstream.sendClose(ClosePayload(code: .goingAway), &worker.random)
        } else {
            answerCloser()
        }
        if frames.toUpstream.isInsideFrame {
            // A frame that will never be whole: there is no way to say goodbye.
            upstream.close()
        } else if frames.fromUpstream.isOver {
            upstream.finish()
        }
        setDeadline()
    }

    private func upstreamGone() {
        let wasOver = frames.fromUpstream.isOver
        frames.fromUpstream.isOver = true
        upstream.close()
        guard client.isOpen else { return }
        let loss = Ending(
            closedBy: .upstream, code: CloseCode.internalError.rawValue, reason: CloseReason.upstreamLost.rawValue)
        if !wasOver, begin(loss, now: worker.now) {
            let payload = ClosePayload(code: .internalError, reason: CloseReason.upstreamLost.rawValue)
            frames.toClient.sendClose(payload, &worker.random)
        } else {
            answerCloser()
        }
        if frames.toClient.isInsideFrame || frames.fromClient.isOver { client.finish() }
        setDeadline()
    }

    // MARK: - Time

    /// A deadline has passed: one of the route's, or that of an end that has begun.
    func checkTime(_ now: Nanoseconds) {
        defer { setDeadline() }
        guard ending == nil else {
            // Whom its token holds no longer is not waited for, either.
            if now >= identityEnd { end(identityEndReason) }
            if now >= endDeadline { cutOff() }
            return
        }
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
    }

    /// Has ``checkTime(_:)`` called when there is something to be done. Deadlines hang on the client's channel while it is there.
    func setDeadline() {
        worker.setDeadline(deadline, for: client.isOpen ? client : upstream)
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
        switch frames.clientLife.check(now, mayAsk: !frames.toClient.isInsideFrame) {
        case .ping(let number): frames.toClient.sendPing(number, &worker.random)
        case .lost: return end(.pongTimeout)
        case .nothing: break
        }
        switch frames.upstreamLife.check(now, mayAsk: !frames.toUpstream.isInsideFrame) {
        case .ping(let number): frames.toUpstream.sendPing(number, &worker.random)
        case .lost: end(.upstreamLost, code: .internalError)
        case .nothing: break
        }
    }

    /// The close handshake has taken too long.
    private func cutOff() {
        answerCloser()
        client.flush()
        upstream.flush()
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
