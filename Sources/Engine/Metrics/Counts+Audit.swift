internal import Middleware
internal import PolicyModel
internal import WebSocketProtocol

/// What an audit record counts for. The log and the metrics are told the same facts in the same moment.
extension Counts {
    mutating func count(_ facts: AuditFacts, _ names: PolicyNames) {
        let route = names.label(ofRoute: facts.route)
        add(.auditRecords, facts.event.rawValue)
        switch facts.event {
        case .opened:
            add(.connectionsOpened, route)
            time(.handshakeSeconds, "opened", took: facts.duration)
        case .refused:
            add(.refusals, route, facts.reason ?? "")
            // Who is dropped at the door has had no handshake.
            if facts.duration > 0 { time(.handshakeSeconds, "refused", took: facts.duration) }
        case .closed:
            add(
                .connectionsClosed, route, Self.label(ofCode: facts.outcome?.closeCode ?? 0), facts.reason ?? "",
                facts.outcome?.closedBy ?? "")
        // That a page may ask for one is none yet.
        case .ticket: if facts.status == 200 { add(.tickets, route) }
        case .message: return
        }
        countUpstream(facts, names)
        // A connection that closes tells once more what its handshake has told.
        guard facts.event != .closed else { return }
        for refusal in facts.shadow { add(.shadowRefusals, route, refusal.middleware, refusal.reason.rawValue) }
    }

    private mutating func countUpstream(_ facts: AuditFacts, _ names: PolicyNames) {
        guard let upstream = facts.upstreamName, let reason = facts.reason, Self.upstreamReasons.contains(reason) else {
            return
        }
        add(.upstreamFailures, names.label(ofUpstream: upstream), reason)
    }

    private static let upstreamReasons: Set<String> = [
        RefusalReason.upstreamUnreachable.rawValue, RefusalReason.upstreamRefused.rawValue,
        RefusalReason.upstreamInvalidResponse.rawValue, RefusalReason.upstreamTimeout.rawValue,
        CloseReason.upstreamLost.rawValue,
    ]

    /// Codes that RFC 6455 and IANA's registry give a meaning to, by their numbers; peers may choose among thousands of others.
    private static func label(ofCode code: Int64) -> String {
        (1000...1015).contains(code) && code != 1004 ? String(code) : "other"
    }
}
