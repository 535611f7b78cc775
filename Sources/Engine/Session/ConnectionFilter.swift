internal import PolicyModel

/// Which connections an operator means; without any demand, all of them.
struct ConnectionFilter: Sendable {
    var requestID: String?
    var listener: String?
    var route: String?
    var subject: String?
    /// The token's id (`jti`).
    var tokenID: String?
    /// Blocks of which one has the client's address.
    var addresses: CIDRSet?
    var state: ConnectionRecord.State?

    func matches(_ session: Session) -> Bool {
        if let requestID, session.requestID != requestID { return false }
        if let listener, session.facts.listener != listener { return false }
        if let route, session.facts.route != route { return false }
        if let subject, session.facts.subject != subject { return false }
        if let tokenID, session.facts.tokenID != tokenID { return false }
        if let addresses, !addresses.contains(session.facts.client) { return false }
        if let state, session.state != state { return false }
        return true
    }
}

/// Which connections come first in a list.
package enum ConnectionOrder: String, Sendable, CaseIterable {
    /// The oldest.
    case age
    /// Those without a message for longest.
    case idle
    /// Those with the most payload, both ways together.
    case bytes
    /// Those with the most messages, both ways together.
    case messages

    /// The larger, the earlier.
    func rank(_ session: Session, now: Nanoseconds) -> Int64 {
        switch self {
        case .age: now - session.acceptedAt
        case .idle: now - session.lastData
        case .bytes:
            session.relayed.map { $0.frames.fromClient.payloadBytes + $0.frames.fromUpstream.payloadBytes } ?? 0
        case .messages: session.relayed.map { $0.frames.fromClient.messages + $0.frames.fromUpstream.messages } ?? 0
        }
    }
}

/// What an operator wants to see of a gateway's connections.
struct ConnectionQuery: Sendable {
    var filter = ConnectionFilter()
    var order = ConnectionOrder.age
    /// At least 1.
    var limit = 100

    /// One worker's part of the answer: the first of the list, and how many there are in all.
    struct Answer: Sendable {
        var first: [Ranked]
        var total: Int
    }

    struct Ranked: Sendable {
        let rank: Int64
        let record: ConnectionRecord
    }

    /// Looks at each connection once, and copies those alone that come first.
    func answer(_ sessions: some Sequence<Session>, worker: Int, now: Nanoseconds) -> Answer {
        var first = FirstByRank<Session>(limit: limit)
        var total = 0
        for session in sessions where filter.matches(session) {
            total += 1
            first.insert(session, rank: order.rank(session, now: now))
        }
        return Answer(
            first: first.sorted.map {
                Ranked(rank: $0.rank, record: ConnectionRecord($0.element, worker: worker, now: now))
            },
            total: total)
    }

    /// The workers' parts as one.
    func merged(_ answers: [Answer]) -> (records: [ConnectionRecord], total: Int) {
        let all = answers.flatMap(\.first).sorted { $0.rank > $1.rank }
        return (all.prefix(limit).map(\.record), answers.reduce(0) { $0 + $1.total })
    }
}
