internal import Middleware
internal import PolicyModel
internal import Tokens
internal import WebSocketProtocol

/// An admitted connection while messages pass: two lanes, two outlets, and the deadlines of the route.
///
/// It takes an ``AdmittedUpgrade`` to make one, which only the middleware chain can give.
final class Relay {
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

    /// What the connection holds of its limits. The rest of the upgrade is not kept: an idle connection weighs little.
    private let leases: [ConnectionLease]
    let terms: RelayTerms
    let startedAt: Nanoseconds

    var toClient: Outlet
    var toUpstream: Outlet
    var fromClient: Lane
    var fromUpstream: Lane
    var clientLife: Keepalive
    var upstreamLife: Keepalive
    let lifetimeEnd: Nanoseconds
    /// When the token expires; the end of time without one.
    let expiry: Nanoseconds

    private(set) var ending: Ending?
    /// When an ending connection is cut off.
    private(set) var endDeadline: Nanoseconds = .max

    init(
        _ admitted: consuming AdmittedUpgrade, terms: RelayTerms, client: Channel, upstream: Channel,
        now: Nanoseconds, unixMilliseconds: Int64
    ) {
        let (limits, timeouts) = (terms.limits, terms.timeouts)
        let messageLimits = MessageLimits(messageBytes: limits.messageBytes, fragments: limits.fragments)
        let identity = admitted.identity
        let interval = timeouts.pingInterval.nanoseconds
        let timeout = timeouts.pongTimeout.nanoseconds
        self.terms = terms
        startedAt = now
        toClient = Outlet(channel: client, masks: false, limit: limits.bufferedBytes)
        toUpstream = Outlet(channel: upstream, masks: true, limit: limits.bufferedBytes)
        fromClient = Lane(
            sender: .client, limits: messageLimits,
            plan: MessagePlan(
                terms.rules, from: .client, identity: identity, maximumBytes: limits.messageBytes))
        fromUpstream = Lane(
            sender: .server, limits: messageLimits,
            plan: MessagePlan(
                terms.rules, from: .upstream, identity: identity, maximumBytes: limits.messageBytes))
        clientLife = Keepalive(interval: interval, timeout: timeout, now: now)
        upstreamLife = Keepalive(interval: interval, timeout: timeout, now: now)
        lifetimeEnd = now.saturatingAdd(timeouts.lifetime.nanoseconds)
        expiry =
            identity.map { now.saturatingAdd(Self.nanoseconds(until: $0.expiresAt, from: unixMilliseconds)) } ?? .max
        leases = admitted.leases
    }

    private static func nanoseconds(until unixSeconds: Int64, from unixMilliseconds: Int64) -> Nanoseconds {
        let (milliseconds, overflow) = unixSeconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return .max }
        let (nanoseconds, far) = (milliseconds - unixMilliseconds).multipliedReportingOverflow(by: 1_000_000)
        return far ? .max : max(0, nanoseconds)
    }

    /// When data last came, from either side.
    var lastData: Nanoseconds { max(startedAt, fromClient.lastData, fromUpstream.lastData) }

    /// When the connection must next be looked at.
    var deadline: Nanoseconds {
        guard ending == nil else { return endDeadline }
        return min(
            lifetimeEnd, expiry, lastData.saturatingAdd(terms.timeouts.idle.nanoseconds), clientLife.deadline,
            upstreamLife.deadline, writeDeadline(of: toClient.channel), writeDeadline(of: toUpstream.channel),
            messageDeadline)
    }

    /// A message must be whole this long after it has begun: one that never ends would be held, or hold the way, for ever.
    private static let messagePatience: Nanoseconds = 30_000_000_000

    /// When the older of the messages that have begun must have ended. A peer that is not read cannot end its own.
    var messageDeadline: Nanoseconds {
        let client = toClient.channel.isReading ? fromClient.openSince : nil
        let upstream = toUpstream.channel.isReading ? fromUpstream.openSince : nil
        return min(client ?? .max, upstream ?? .max).saturatingAdd(Self.messagePatience)
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
        var patience = terms.timeouts.close.nanoseconds
        // A frame that is open toward the client holds the close frame up, and one toward the upstream is still brought to
        // its end: what the policy ends must end soon.
        if ending.closedBy == .gateway, toClient.isInsideFrame || toUpstream.isInsideFrame {
            patience = min(patience, 900_000_000)
        }
        endDeadline = now.saturatingAdd(patience)
        return true
    }

    /// Whether data no longer passes, since the gateway itself has ended the connection.
    var isCut: Bool { ending?.closedBy == .gateway }
}
