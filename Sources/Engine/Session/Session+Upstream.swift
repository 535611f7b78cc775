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
            facts.upstream = address.endpoint.description
            do throws(SystemError) {
                let descriptor = try Socket.connect(to: address.address)
                guard let channel = worker.open(descriptor, isConnecting: true, owner: self) else { continue }
                upstream = channel
                phase = .connecting(attempt)
                return
            } catch {
                host.logger.debug("upstream not reached", metadata: ["reason": "\(error)"])
            }
        }
        refuse(Refusal(.upstreamUnreachable))
    }

    func upstreamDecided(error: Int32?) {
        guard case .connecting(let attempt) = phase else { return }
        guard error == nil else { return dialNext(attempt) }
        guard let request = upgradeRequest(attempt) else { return refuse(Refusal(.malformedRequest)) }
        upstream?.append(request)
        phase = .awaitingUpstream(attempt, ResponseHeadParser())
        setPhaseDeadline(worker.now.saturatingAdd(attempt.route.upstream.policy.handshakeTimeout.nanoseconds))
    }

    /// A fresh upgrade (RFC 6455 section 4.1): what the client sent, less what concerns its own connection, with what the
    /// policy sets, and no extension but what the policy has it offer.
    private func upgradeRequest(_ attempt: UpstreamAttempt) -> [UInt8]? {
        let request = attempt.admitted.request
        var headers = attempt.admitted.upstreamHeaders
        let address = attempt.admitted.clientAddress
        // A proxy that is trusted has told the way until itself; from anyone else the way begins with the peer.
        let isTrusted = listener.policy.trustedProxies.contains(peer.ip)
        let told = isTrusted ? request.headers.listValues("X-Forwarded-For") : []
        let way = told.isEmpty ? address.description : (told + [peer.ip.description]).joined(separator: ", ")
        headers.set("X-Forwarded-For", way)
        headers.set("X-Forwarded-Proto", "https")
        headers.set("X-Forwarded-Host", request.host.description)
        let base = attempt.address?.endpoint.basePath ?? ""
        return UpgradeRequestWriter.serializedUpgrade(
            target: base + request.target.description, host: request.host.description, key: attempt.key,
            subprotocols: request.subprotocols, offers: attempt.deflate.offers, headers: headers)
    }

    func receiveUpstreamHead(_ bytes: Span<UInt8>) {
        guard case .awaitingUpstream(let attempt, var parser) = phase else { return }
        phase = .connecting(attempt)
        do throws(UpstreamHandshakeError) {
            let (consumed, head) = try parser.receive(bytes)
            phase = .awaitingUpstream(attempt, parser)
            guard let head else { return }
            let handshake = UpstreamHandshake(
                key: attempt.key, expectedAccept: Digest.webSocketAccept(forKey: attempt.key),
                offeredSubprotocols: attempt.admitted.request.subprotocols, deflateOffers: attempt.deflate.offers)
            open(attempt, head, try handshake.verify(head), rest: bytes.extracting(consumed..<bytes.count))
        } catch {
            phase = .awaitingUpstream(attempt, parser)
            host.logger.warning(
                "upstream did not upgrade",
                metadata: ["upstream": "\(attempt.endpoint)", "reason": "\(error)", "request_id": "\(requestID)"])
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
        facts.open(now: worker.now, since: acceptedAt)
        host.write(facts)
        client.setReading(true)
        worker.setDeadline(relay.deadline, for: client)
        let early = earlyBytes
        earlyBytes = []
        if !early.isEmpty { relay.pass(early.span, from: client) }
        if rest.count > 0, case .relay = phase { relay.pass(rest, from: upstream) }
    }

    /// Passes the upstream's 101 on, as the policy edits it. False where it cannot be written.
    private func answer(_ attempt: UpstreamAttempt, _ head: ResponseHead, _ choice: UpstreamChoice) -> Bool {
        var headers = head.headers
        HopByHop.removeHopByHop(from: &headers)
        headers.remove("Content-Length")
        for edit in attempt.admitted.responseEdits { edit.apply(to: &headers) }
        guard
            let response = ResponseWriter.serializedSwitchingProtocols(
                accept: Digest.webSocketAccept(forKey: attempt.admitted.request.key), subprotocol: choice.subprotocol,
                deflate: attempt.deflate.answer(after: choice.deflate), headers: headers)
        else { return false }
        client?.append(response)
        return true
    }

    /// The upstream has gone before it answered with a 101.
    func upstreamVanished() {
        switch phase {
        case .connecting(let attempt): dialNext(attempt)
        case .awaitingUpstream: refuse(Refusal(.upstreamInvalidResponse))
        default: break
        }
    }
}
