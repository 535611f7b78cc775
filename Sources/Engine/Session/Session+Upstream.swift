internal import Crypto
internal import Logging
internal import Middleware
internal import PolicyModel
internal import WebSocketProtocol

/// An admitted handshake on its way to the upstream. A class, since each phase on the way hands it to the next.
final class UpstreamAttempt {
    let admitted: AdmittedUpgrade
    let route: RouteRuntime
    let key: String
    let deflate: DeflateNegotiation
    /// For all addresses together.
    let connectDeadline: Nanoseconds
    /// Addresses that have not been tried yet, the next one last.
    var untried: [UpstreamAddress]
    /// The one that is being tried.
    var address: UpstreamAddress?
    /// When that was begun to be dialled, or then, to be asked.
    var since: Nanoseconds = 0

    init(_ admitted: AdmittedUpgrade, _ route: RouteRuntime, key: String, isGreeted: Bool, now: Nanoseconds) {
        deflate = DeflateNegotiation(route.policy.compression, admitted.request, isGreeted: isGreeted)
        self.admitted = admitted
        self.route = route
        self.key = key
        connectDeadline = now.saturatingAdd(route.upstream.policy.connectTimeout.nanoseconds)
        untried = route.upstream.addresses(now: now).reversed()
    }

    /// Until when the one that is being tried has time: what is left is shared with those that have not been tried.
    func shareEnd(now: Nanoseconds) -> Nanoseconds {
        now.saturatingAdd(max(0, connectDeadline - now) / Nanoseconds(untried.count + 1))
    }

    var endpoint: String { address?.endpoint.description ?? "" }
}

/// The dial, the upgrade request and the upstream's answer.
extension Session {
    func dial(_ admitted: AdmittedUpgrade, _ route: RouteRuntime) {
        facts.upstreamName = route.upstream.policy.name
        let attempt = UpstreamAttempt(
            admitted, route, key: SecureRandom.webSocketKey(worker.random.bytes(16)), isGreeted: isGreeted,
            now: worker.now)
        dialNext(attempt)
    }

    private func dialNext(_ attempt: UpstreamAttempt) {
        upstream?.close()
        upstream = nil
        while let address = attempt.untried.popLast() {
            attempt.address = address
            attempt.since = worker.now
            facts.upstream = address.endpoint.description
            do throws(SystemError) {
                let descriptor = try Socket.connect(to: address.address)
                guard let channel = worker.open(descriptor, isConnecting: true, owner: self) else { continue }
                upstream = channel
                phase = .connecting(attempt)
                setPhaseDeadline(attempt.shareEnd(now: worker.now))
                return
            } catch {
                // The system's own want: the address is not marked for it.
                host.metrics.upstreamNotConnected(attempt.route.upstream.policy.name)
                tell("upstream not reached", .debug, attempt, "\(error)")
            }
        }
        refuse(Refusal(.upstreamUnreachable))
    }

    /// The address that was tried has taken no connection.
    private func noteUnreached(_ attempt: UpstreamAttempt, _ reason: String) {
        let upstream = attempt.route.upstream
        host.metrics.upstreamNotConnected(upstream.policy.name)
        if let address = attempt.address { upstream.noteUnreached(address.address, now: worker.now) }
        tell("upstream not reached", .debug, attempt, reason)
    }

    /// The address that is being tried has let its share of the time pass.
    func upstreamIsLate(_ attempt: UpstreamAttempt) {
        noteUnreached(attempt, "no answer within its share of connect_timeout")
        // Those for which no time is left are not to blame.
        let hasTime = worker.now < attempt.connectDeadline && !attempt.untried.isEmpty
        if hasTime { dialNext(attempt) } else { refuse(Refusal(.upstreamTimeout)) }
    }

    private func tell(
        _ what: Logger.Message, _ level: Logger.Level, _ attempt: UpstreamAttempt, _ reason: String, untold: Int = 0
    ) {
        var metadata: Logger.Metadata = ["upstream": "\(attempt.endpoint)", "reason": "\(reason)"]
        if untold > 0 { metadata["untold"] = "\(untold)" }
        host.logger.log(level: level, what, metadata: metadata.merging(logReference) { _, new in new })
    }

    /// An upstream that upgrades nobody would fill the log: each handshake has its audit record, and the warning is for the
    /// first of many.
    private func tellNotUpgraded(_ attempt: UpstreamAttempt, _ reason: String) {
        let untold = host.upgradeNotice.happened(to: attempt.route.upstream.policy.name, now: worker.now)
        tell("upstream did not upgrade", untold == nil ? .debug : .warning, attempt, reason, untold: untold ?? 0)
    }

    func upstreamDecided(error: Int32?) {
        guard case .connecting(let attempt) = phase else { return }
        if let error {
            noteUnreached(attempt, "\(SystemError("connect", code: error))")
            return dialNext(attempt)
        }
        if let address = attempt.address { attempt.route.upstream.noteReached(address.address) }
        host.metrics.upstreamConnected(attempt.route.upstream.policy.name, took: worker.now - attempt.since)
        attempt.since = worker.now
        guard let request = upgradeRequest(attempt) else {
            tellRefused("a field of the request to the upstream has a value that no field may have")
            return refuse(Refusal(.malformedRequest))
        }
        upstream?.append(request)
        phase = .awaitingUpstream(attempt, ResponseHeadParser())
        setPhaseDeadline(worker.now.saturatingAdd(attempt.route.upstream.policy.handshakeTimeout.nanoseconds))
    }

    private func upgradeRequest(_ attempt: UpstreamAttempt) -> [UInt8]? {
        let request = UpstreamRequest(
            attempt.admitted, basePath: attempt.address?.endpoint.basePath ?? "", key: attempt.key,
            offers: attempt.deflate.offers, peer: peer.ip, trustedProxies: listener.policy.trustedProxies)
        return request.serialized
    }

    func receiveUpstreamHead(_ bytes: Span<UInt8>) {
        guard case .awaitingUpstream(let attempt, var parser) = phase else { return }
        phase = .connecting(attempt)
        do throws(UpstreamHandshakeError) {
            let (consumed, head) = try parser.receive(bytes)
            phase = .awaitingUpstream(attempt, parser)
            guard let head else { return }
            let handshake = UpstreamHandshake(
                expectedAccept: Digest.webSocketAccept(forKey: attempt.key),
                offeredSubprotocols: attempt.admitted.request.subprotocols, deflateOffers: attempt.deflate.offers)
            open(attempt, head, try handshake.verify(head), rest: bytes.extracting(consumed..<bytes.count))
        } catch {
            phase = .awaitingUpstream(attempt, parser)
            tellNotUpgraded(attempt, "\(error)")
            if case .refused(let status) = error {
                facts.upstreamStatus = status
                refuse(Refusal(.upstreamRefused))
            } else {
                refuse(Refusal(.upstreamInvalidResponse))
            }
        }
    }

    /// The upstream has earned the 101: the client gets its own, and the relay begins.
    private func open(_ attempt: UpstreamAttempt, _ head: ResponseHead, _ choice: UpstreamChoice, rest: Span<UInt8>) {
        guard let client, let upstream else { return }
        // The policy may have changed on the way.
        var term: IdentityTerm?
        switch recheck() {
        case .nothing: break
        case .stays(let until): term = until
        case .refused(let refusal): return refuse(refusal)
        }
        guard
            isGreeted
                ? choice.subprotocol == attempt.admitted.request.subprotocols.first : answer(attempt, head, choice)
        else { return refuse(Refusal(.upstreamInvalidResponse)) }
        let relay = Relay(
            attempt.admitted, terms: attempt.route.terms,
            compression: attempt.deflate.compression(after: choice.deflate), session: self, client: client,
            upstream: upstream,
            now: worker.now, unixMilliseconds: SystemClock.unixMilliseconds())
        if let term { relay.hold(until: term) }
        phase = .relay(relay)
        host.metrics.upstreamUpgraded(attempt.route.upstream.policy.name, took: worker.now - attempt.since)
        facts.open(now: worker.now, since: acceptedAt)
        host.write(facts)
        client.setReading(true)
        relay.setDeadline()
        let early = earlyBytes
        earlyBytes = []
        if !early.isEmpty { relay.pass(early.span, from: client) }
        if rest.count > 0, case .relay = phase { relay.pass(rest, from: upstream) }
    }

    /// Passes the upstream's 101 on, as the policy edits it. False where it cannot be written.
    private func answer(_ attempt: UpstreamAttempt, _ head: ResponseHead, _ choice: UpstreamChoice) -> Bool {
        let answer = OpeningAnswer(
            passing: head.headers, to: attempt.admitted, subprotocol: choice.subprotocol,
            deflate: attempt.deflate.answer(after: choice.deflate))
        guard let response = answer.serialized else { return false }
        client?.append(response)
        return true
    }

    /// The upstream has gone before it answered with a 101.
    func upstreamVanished() {
        switch phase {
        case .connecting(let attempt):
            noteUnreached(attempt, "the connection broke")
            dialNext(attempt)
        case .awaitingUpstream(let attempt, _):
            tellNotUpgraded(attempt, "it ended the connection before it had answered")
            refuse(Refusal(.upstreamInvalidResponse))
        default: break
        }
    }
}
