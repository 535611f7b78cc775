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
    /// Addresses that have not been tried yet, the next one last.
    var untried: [UpstreamAddress]
    /// The one that is being tried.
    var address: UpstreamAddress?
    /// When that was begun to be dialled, or then, to be asked.
    var since: Nanoseconds = 0

    init(_ admitted: AdmittedUpgrade, _ route: RouteRuntime, key: String, isGreeted: Bool) {
        deflate = DeflateNegotiation(route.policy.compression, admitted.request, isGreeted: isGreeted)
        self.admitted = admitted
        self.route = route
        self.key = key
        untried = route.upstream.addresses().reversed()
    }

    var endpoint: String { address?.endpoint.description ?? "" }
}

/// The dial, the upgrade request and the upstream's answer.
extension Session {
    func dial(_ admitted: AdmittedUpgrade, _ route: RouteRuntime) {
        facts.upstreamName = route.upstream.policy.name
        let attempt = UpstreamAttempt(
            admitted, route, key: SecureRandom.webSocketKey(worker.random.bytes(16)), isGreeted: isGreeted)
        // One deadline for all attempts together.
        setPhaseDeadline(worker.now.saturatingAdd(route.upstream.policy.connectTimeout.nanoseconds))
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
                return
            } catch {
                host.metrics.upstreamNotConnected(attempt.route.upstream.policy.name)
                tell("upstream not reached", .debug, attempt, "\(error)")
            }
        }
        refuse(Refusal(.upstreamUnreachable))
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
        let name = attempt.route.upstream.policy.name
        if let error {
            host.metrics.upstreamNotConnected(name)
            tell("upstream not reached", .debug, attempt, "\(SystemError("connect", code: error))")
            return dialNext(attempt)
        }
        host.metrics.upstreamConnected(name, took: worker.now - attempt.since)
        attempt.since = worker.now
        guard let request = upgradeRequest(attempt) else { return refuse(Refusal(.malformedRequest)) }
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
            if case .refused = error {
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
            host.metrics.upstreamNotConnected(attempt.route.upstream.policy.name)
            dialNext(attempt)
        case .awaitingUpstream: refuse(Refusal(.upstreamInvalidResponse))
        default: break
        }
    }
}
