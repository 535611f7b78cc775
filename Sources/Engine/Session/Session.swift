internal import Crypto
internal import Logging
internal import Middleware
internal import PolicyModel
internal import Tokens
internal import WebSocketProtocol

/// One client's connection, from its first byte to the audit log.
///
/// The phases are those of docs/connection.md; each has a file of its own: what a load balancer says first in
/// `Session+ProxyHeader`, ``receiveHead(_:)`` and the chain in
/// `Session+Handshake`, a chain that waits in `Session+Waiting`, the dial and the upstream's answer in `Session+Upstream`. Then
/// the ``Relay`` takes over. What leads nowhere is in `Session+Refusing`.
final class Session: ChannelOwner {
    enum Phase {
        /// The peer has yet to say whom it brings.
        case proxyHeader(ProxyHeaderReader)
        case tls
        case head(RequestHeadParser)
        /// The head is being parsed, or the chain goes on: neither waits for anything, and nothing else comes meanwhile.
        case judging
        /// The chain waits for an answer from elsewhere.
        case errand(AskedErrand)
        /// The chain waits for the client's first message.
        case firstMessage(FirstMessageReader)
        /// Admitted; a socket to the upstream is on its way.
        case connecting(UpstreamAttempt)
        /// The upgrade request is sent; the answer is awaited.
        case awaitingUpstream(UpstreamAttempt, ResponseHeadParser)
        case relay(Relay)
        /// What is queued is still sent; nothing more is read into anything.
        case ending
    }

    unowned let host: SessionHost
    let worker: Worker
    /// As the policy has it by which the handshake is judged.
    var listener: Listener
    /// Where the connection was counted when it came.
    let counted: LiveCount
    /// Who has connected, or whom a load balancer has named in its place.
    var peer: SocketAddress
    let requestID: String
    let acceptedAt: Nanoseconds
    private var tlsBeganAt: Nanoseconds = 0
    /// What it holds of its listener's limits. Given back when the session goes, or earlier where it is refused.
    var admissionLeases: [ConnectionLease]
    /// What it holds of its route's limits, once it is admitted.
    var leases: [ConnectionLease] = []
    /// What authorisation services have said yes to: the list of its route's chain, shared with all of that route.
    var answers: [AuthorizeSettings] = []
    /// The token that let it in.
    var identity: VerifiedToken?
    /// By what it has yet to be judged again.
    var recheckScope: RecheckScope = []
    /// The route by which it stays; nil where that is the one that has admitted it.
    var standingRoute: String?

    var phase = Phase.tls
    /// What the audit log will say.
    var facts: AuditFacts
    /// Set at once in ``start(_:)``; nil only before that, and after the end.
    private(set) var client: Channel?
    /// Whether the client has had a 101 before its chain was through.
    var isGreeted = false
    var upstream: Channel?
    /// Bytes of the client that came before the upstream's 101: they wait (RFC 6455 section 4.1).
    var earlyBytes: [UInt8] = []
    /// What has come, and was not looked at, since there was nothing left to be said.
    private var lingeredBytes = 0
    /// What is read of a peer behind its last word.
    static let maximumLingeredBytes = 256 * 1024

    init(host: SessionHost, accepted: AcceptedConnection) {
        self.host = host
        worker = host.worker
        listener = accepted.listener
        counted = accepted.listener.connections
        peer = accepted.peer
        acceptedAt = accepted.acceptedAt
        admissionLeases = accepted.admission?.leases ?? []
        requestID = RequestID.make(&host.worker.random)
        facts = AuditFacts(
            requestID: requestID, listener: accepted.listener.policy.name, policyVersion: host.runtime.policyVersion,
            client: accepted.peer.ip)
        if let admission = accepted.admission {
            facts.note(admission.shadowRefusals)
        } else {
            phase = .proxyHeader(ProxyHeaderReader())
        }
    }

    /// Begins with TLS, or with what comes before it. False where the system has no means for it.
    func start(_ descriptor: consuming Descriptor) -> Bool {
        var tls: TLSSession?
        if case .tls = phase {
            tlsBeganAt = max(acceptedAt, worker.now)
            tls = TLSSession.server(listener.tls, over: worker.transfer)
            if tls == nil { return false }
        }
        client = worker.open(descriptor, tls: tls, owner: self)
        setPhaseDeadline(acceptedAt.saturatingAdd(listener.policy.limits.handshakeTimeout.nanoseconds))
        return client != nil
    }

    /// Goes on with TLS on the same socket, of which `bytes` have come already.
    func startTLS(with bytes: Span<UInt8>) {
        phase = .tls
        guard let descriptor = client?.detach(), start(descriptor) else {
            host.tellWithoutMeans()
            return end()
        }
        client?.take(bytes)
    }

    /// How the operational log names it, as the audit log does.
    var logReference: Logger.Metadata {
        var reference: Logger.Metadata = ["request_id": "\(requestID)"]
        if let trace = facts.traceID { reference["trace_id"] = "\(trace)" }
        return reference
    }

    // MARK: - What channels tell

    override func channelIsSecure(_ channel: Channel) {
        if case .tls = phase {
            facts.clientCertificate = channel.clientCertificate()
            host.metrics.tlsCompleted(
                version: channel.tlsVersion, isResumed: channel.hasResumedTLS, took: worker.now - tlsBeganAt)
            phase = .head(RequestHeadParser(maximumBytes: listener.policy.limits.headerBytes))
        }
    }

    override func channelDidConnect(_ channel: Channel, error: Int32?) {
        upstreamDecided(error: error)
    }

    override func channel(_ channel: Channel, received bytes: Span<UInt8>) {
        switch phase {
        case .proxyHeader:
            receiveProxyHeader(bytes)
        case .head:
            receiveHead(bytes)
        case .firstMessage:
            receiveFirstMessage(bytes)
        case .errand, .connecting:
            keepEarly(bytes)
        case .awaitingUpstream:
            if channel === client { keepEarly(bytes) } else { receiveUpstreamHead(bytes) }
        case .ending:
            linger(bytes.count)
        case .tls, .judging, .relay:
            break
        }
    }

    /// A peer with which all has been said is read so that the last word is not lost to a reset, but not for as long as it
    /// likes to send.
    func linger(_ count: Int) {
        lingeredBytes += count
        if lingeredBytes > Self.maximumLingeredBytes { end() }
    }

    override func channelEnded(_ channel: Channel) {
        switch phase {
        case .connecting, .awaitingUpstream:
            if channel === client { abandon() } else { upstreamVanished() }
        case .proxyHeader, .tls, .head, .judging, .errand, .firstMessage:
            abandon()
        case .ending:
            channel.close()
            endIfAlone()
        case .relay:
            break
        }
    }

    /// A broken connection has ended, too, and in both directions.
    override func channelFailed(_ channel: Channel) {
        channel.close()
        channelEnded(channel)
    }

    override func channelFailed(_ channel: Channel, _ error: CryptoError) {
        if case .tls = phase {
            host.metrics.tlsFailed(TLSFailure(error.peerCertificate))
            if let certificate = error.peerCertificate { refuseCertificate(certificate, error) }
            // All is said, and nothing more is to be counted.
            phase = .ending
        }
        channelFailed(channel)
    }

    override func deadlinePassed(now: Nanoseconds) {
        switch phase {
        case .proxyHeader:
            drop(.requestTimeout)
        case .tls:
            host.metrics.tlsFailed(.timeout)
            drop(.requestTimeout)
        case .head, .judging:
            refuse(Refusal(.requestTimeout))
        case .errand(let errand):
            giveUp(errand)
        case .firstMessage(let reader):
            refuse(reader.demand.late)
        case .connecting(let attempt):
            upstreamIsLate(attempt)
        case .awaitingUpstream:
            refuse(Refusal(.upstreamTimeout))
        case .ending:
            end()
        case .relay:
            break
        }
    }

    // MARK: - Moving on

    /// Gives the phase until `deadline`.
    func setPhaseDeadline(_ deadline: Nanoseconds) {
        guard let client else { return }
        worker.setDeadline(deadline, for: client)
    }

    /// Keeps bytes that came too early, up to what one receive can bring: more do not come, since the client is not read until
    /// it is their turn.
    func keepEarly(_ bytes: Span<UInt8>) {
        guard earlyBytes.count + bytes.count <= Worker.decryptedBytes else {
            tellRefused("too much came before the answer")
            refuse(Refusal(.malformedRequest))
            return
        }
        earlyBytes.reserveCapacity(earlyBytes.count + bytes.count)
        for index in bytes.indices { earlyBytes.append(bytes[index]) }
    }

    /// The token that let it in is no longer good.
    func revoke() {
        switch phase {
        case .connecting, .awaitingUpstream: refuse(Refusal(.tokenRevoked))
        case .relay(let relay): relay.end(.tokenRevoked)
        case .proxyHeader, .tls, .head, .judging, .errand, .firstMessage, .ending: break
        }
    }

    /// The gateway ends. One whose request has not come yet is answered when it has.
    func drain() {
        switch phase {
        case .errand, .firstMessage, .connecting, .awaitingUpstream: refuse(Refusal(.draining))
        case .relay(let relay): relay.end(.draining, code: .serviceRestart)
        case .proxyHeader, .tls, .head, .judging, .ending: break
        }
    }

    /// Whether there is a request that waits or has been let in.
    var isUnderWay: Bool {
        switch phase {
        case .errand, .firstMessage, .connecting, .awaitingUpstream, .relay: true
        case .proxyHeader, .tls, .head, .judging, .ending: false
        }
    }

    /// Since when no message has passed; nil for one that is not open.
    var idleSince: Nanoseconds? {
        guard case .relay(let relay) = phase, relay.ending == nil else { return nil }
        return relay.lastData
    }

    /// The gateway needs its memory.
    func shed() {
        guard case .relay(let relay) = phase else { return }
        relay.end(.capacityExceeded, code: .tryAgainLater)
    }

    /// The gateway ends at once: what had come to the chain and never opened leaves a line in the log all the same.
    func stop() {
        noteUndecided()
        switch phase {
        case .errand, .firstMessage, .connecting, .awaitingUpstream:
            facts.refuse(Refusal(.draining), now: worker.now, since: acceptedAt)
            host.write(facts)
        case .proxyHeader, .tls, .head, .judging, .relay, .ending:
            break
        }
        end()
    }

    /// Ends once no channel is left.
    func endIfAlone() {
        if client?.isOpen != true, upstream?.isOpen != true { end() }
    }

    /// Closes what is open and leaves the host.
    func end() {
        if case .relay(let relay) = phase {
            relay.frames.release(worker)
            facts.close(relay, now: worker.now)
            host.write(facts)
        }
        phase = .ending
        client?.close()
        upstream?.close()
        client = nil
        upstream = nil
        // Whoever still knows it must not have it counted.
        (leases, admissionLeases) = ([], [])
        host.remove(self)
    }
}
