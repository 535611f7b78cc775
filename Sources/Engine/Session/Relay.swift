internal import Middleware
internal import PolicyModel
internal import Tokens
internal import WebSocketProtocol

/// An admitted connection while messages pass: two lanes, two outlets, and the deadlines of the route. From here on both
/// channels tell it, and no longer the session, what happens to them: how frames pass is in `Relay+Frames`, and the many
/// ways in which that ends are in `Relay+Ending`.
///
/// It takes an ``AdmittedUpgrade`` to make one, which only the middleware chain can give.
final class Relay: ChannelOwner {
    enum Side: String {
        case client
        case upstream
        case gateway
    }

    /// How the connection ends: noted when the first sign of it is seen.
    struct Ending {
        let closedBy: Side
        /// What the close frame said; 1005 where it said nothing, 1006 where there was none.
        let code: UInt16
        let reason: String
        /// A rule that ended it.
        var rule: String?
    }

    /// Whose connection it is, for rules; kept only where that can change.
    private let renewableFacts: ConnectionFacts?
    let terms: RelayTerms
    let startedAt: Nanoseconds
    /// Whose relay this is, until its end.
    let session: Session
    let worker: Worker
    let client: Channel
    let upstream: Channel

    var frames: FrameExchange
    let lifetimeEnd: Nanoseconds
    /// When the token no longer holds the connection, the end of time without one; and for what reason.
    private(set) var identityEnd = Nanoseconds.max
    private(set) var identityEndReason = CloseReason.tokenExpired

    private(set) var ending: Ending?
    /// Whether data no longer passes: the gateway itself has ended the connection, or cut short what a peer had begun to end.
    private(set) var isCut = false
    /// Neither side waits for the other or is read no more, nothing is owed, and no end has begun: a flush changes nothing.
    var isCalm = true
    /// Bytes that came behind each peer's end.
    var ignored = (ofClient: 0, ofUpstream: 0)
    /// When an ending connection is cut off.
    private(set) var endDeadline: Nanoseconds = .max

    /// Takes both channels over.
    init(
        _ admitted: consuming AdmittedUpgrade, terms: RelayTerms, compression: RelayCompression = .none,
        session: Session,
        client: Channel, upstream: Channel, now: Nanoseconds, unixMilliseconds: Int64
    ) {
        let (limits, timeouts) = (terms.limits, terms.timeouts)
        let facts = ConnectionFacts(admitted, clientCertificate: session.facts.clientCertificate)
        let owner = TrafficOwner(
            address: admitted.clientAddress, identity: admitted.identity,
            authorizedSubject: admitted.authorizedSubject)
        let gates = terms.rates.gates(of: owner)
        let buckets = terms.rules.buckets(of: owner)
        let meter = session.host.metrics.meter(of: terms, route: session.facts.route)
        let interval = timeouts.pingInterval.nanoseconds
        let timeout = timeouts.pongTimeout.nanoseconds
        self.terms = terms
        self.session = session
        worker = session.worker
        self.client = client
        self.upstream = upstream
        startedAt = now
        frames = FrameExchange(
            toClient: Outlet(channel: client, masks: false, limit: limits.bufferedBytes),
            toUpstream: Outlet(channel: upstream, masks: true, limit: limits.bufferedBytes),
            fromClient: Lane(
                sender: .client, limits: terms.messageLimits,
                plan: terms.plan(from: .client, facts, buckets, journal: session),
                gate: gates.fromClient, compression: compression, meter: meter),
            fromUpstream: Lane(
                sender: .server, limits: terms.messageLimits,
                plan: terms.plan(from: .upstream, facts, buckets, journal: session),
                gate: gates.fromUpstream, compression: compression, meter: meter),
            clientLife: Keepalive(interval: interval, timeout: timeout, now: now),
            upstreamLife: Keepalive(interval: interval, timeout: timeout, now: now))
        lifetimeEnd = now.saturatingAdd(timeouts.lifetime.nanoseconds)
        renewableFacts = terms.rules.renewal == nil ? nil : facts
        super.init()
        if let term = admitted.identityTerm { hold(until: term, now: now, unixMilliseconds: unixMilliseconds) }
        client.hand(to: self)
        upstream.hand(to: self)
    }

    /// Has the rules judge messages that begin from now on by another token.
    func renew(by identity: VerifiedToken) {
        guard let facts = renewableFacts?.renewed(by: identity) else { return }
        frames.fromClient.follow(terms.plan(from: .client, facts, MessageBuckets(), journal: session))
        frames.fromUpstream.follow(terms.plan(from: .upstream, facts, MessageBuckets(), journal: session))
    }

    /// From now on the token holds the connection until then.
    func hold(until term: IdentityTerm) {
        hold(until: term, now: worker.now, unixMilliseconds: SystemClock.unixMilliseconds())
    }

    private func hold(until term: IdentityTerm, now: Nanoseconds, unixMilliseconds: Int64) {
        identityEnd = now.saturatingAdd(Self.nanoseconds(until: term.end, from: unixMilliseconds))
        identityEndReason = term.reason
    }

    private static func nanoseconds(until unixSeconds: Int64, from unixMilliseconds: Int64) -> Nanoseconds {
        let (milliseconds, overflow) = unixSeconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return unixSeconds < 0 ? 0 : .max }
        // The time stands in a token: it may be any number.
        let left = max(0, milliseconds.saturatingAdd(-unixMilliseconds))
        let (nanoseconds, far) = left.multipliedReportingOverflow(by: 1_000_000)
        return far ? .max : nanoseconds
    }

    /// When data last came, from either side.
    var lastData: Nanoseconds { max(startedAt, frames.fromClient.lastData, frames.fromUpstream.lastData) }

    /// When the connection must next be looked at.
    var deadline: Nanoseconds {
        guard ending == nil else { return isCut ? endDeadline : min(endDeadline, identityEnd) }
        return min(
            lifetimeEnd, identityEnd, lastData.saturatingAdd(terms.timeouts.idle.nanoseconds),
            frames.clientLife.deadline,
            frames.upstreamLife.deadline, writeDeadline(of: client), writeDeadline(of: upstream), messageDeadline,
            frames.holdsEnd)
    }

    /// A message must be whole this long after it has begun: one that never ends would be held, or hold the way, for ever.
    private static let messagePatience: Nanoseconds = 30_000_000_000

    /// When the older of the messages that have begun must have ended. A peer that is not read cannot end its own.
    var messageDeadline: Nanoseconds {
        let fromClient = client.isReading ? frames.fromClient.openSince : nil
        let fromUpstream = upstream.isReading ? frames.fromUpstream.openSince : nil
        return min(fromClient ?? .max, fromUpstream ?? .max).saturatingAdd(Self.messagePatience)
    }

    /// When a peer that takes nothing of what waits for it is given up; the end of time where nothing waits.
    func writeDeadline(of channel: Channel) -> Nanoseconds {
        guard channel.isBlocked else { return .max }
        let timeouts = terms.timeouts
        return channel.blockedSince.saturatingAdd((timeouts.pingInterval + timeouts.pongTimeout).nanoseconds)
    }

    /// Notes the end, once. False where it was noted before.
    func begin(_ ending: Ending, now: Nanoseconds) -> Bool {
        guard self.ending == nil else { return false }
        self.ending = ending
        isCut = ending.closedBy == .gateway
        isCalm = false
        // The end does not wait for anybody's rate, and has a deadline of its own.
        frames.lift()
        releaseHeld(at: .max)
        endDeadline = now.saturatingAdd(terms.timeouts.close.nanoseconds)
        // A frame that is open toward the client holds the close frame up, and one toward the upstream is still brought to
        // its end: what the policy ends must end soon.
        if isCut, frames.toClient.isInsideFrame || frames.toUpstream.isInsideFrame { endSoon(now) }
        return true
    }

    /// Notes that no more data passes, though a peer has begun the end. False where that was so before.
    func cut(now: Nanoseconds) -> Bool {
        guard !isCut else { return false }
        isCut = true
        endSoon(now)
        return true
    }

    private func endSoon(_ now: Nanoseconds) {
        endDeadline = min(endDeadline, now.saturatingAdd(900_000_000))
    }

    // MARK: - What channels tell

    /// What may be received without the other side having more queued than the route allows.
    override func allowance(for channel: Channel) -> Int {
        max(1, terms.limits.bufferedBytes - other(of: channel).queuedBytes)
    }

    override func channel(_ channel: Channel, received bytes: Span<UInt8>) { pass(bytes, from: channel) }

    override func channelFlushed(_ channel: Channel) {
        if channel.isBlocked || !isCalm { balance(after: channel) }
    }

    override func channelEnded(_ channel: Channel) { lost(channel) }

    /// A broken connection has ended, too, and in both directions.
    override func channelFailed(_ channel: Channel) { lost(channel) }

    override func deadlinePassed(now: Nanoseconds) { checkTime(now) }
}
