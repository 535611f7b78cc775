import PolicyModel
import Testing

@testable import Engine

@Suite struct ConnectionFilterTests {
    private func filter(_ change: (inout ConnectionFilter) throws -> Void) rethrows -> ConnectionFilter {
        var filter = ConnectionFilter()
        try change(&filter)
        return filter
    }

    @Test("all demands must hold; none means everybody")
    func demands() throws {
        let one = try RelayedSession()
        let session = one.session
        session.facts.route = "chat"
        session.facts.note(try Fixtures.admitted())
        let (id, listener) = (session.requestID, session.facts.listener)
        let good: [ConnectionFilter] = [
            ConnectionFilter(), filter { $0.requestID = id }, filter { $0.listener = listener },
            filter { $0.route = "chat" }, filter { $0.subject = "alice" }, filter { $0.tokenID = "t-1" },
            filter { $0.state = .open }, try filter { $0.addresses = CIDRSet([try CIDR("192.0.2.0/24")]) },
            filter { ($0.route, $0.subject, $0.listener) = ("chat", "alice", listener) },
        ]
        for filter in good { #expect(filter.matches(session), "\(filter)") }
        let bad: [ConnectionFilter] = [
            filter { $0.requestID = "x" }, filter { $0.listener = "x" }, filter { $0.route = "x" },
            filter { $0.subject = "bob" }, filter { $0.tokenID = "t-2" }, filter { $0.state = .closing },
            try filter { $0.addresses = CIDRSet([try CIDR("192.0.3.0/24")]) },
            filter { ($0.route, $0.subject) = ("chat", "bob") },
        ]
        for filter in bad { #expect(!filter.matches(session), "\(filter)") }
    }

    @Test("a session without a route or an identity is not of any")
    func unknown() throws {
        let session = try Host().session()
        #expect(!filter { $0.route = "chat" }.matches(session) && !filter { $0.subject = "alice" }.matches(session))
        #expect(session.state == .handshake)
    }
}

@Suite struct ConnectionQueryTests {
    @Test("the first of each worker's, merged, by each order", arguments: ConnectionOrder.allCases)
    func orders(order: ConnectionOrder) throws {
        let relayed = try (0..<6).map { _ in try RelayedSession() }
        for (index, one) in relayed.enumerated() {
            for _ in 0..<index { one.clientSends(.text("message")) }
        }
        var query = ConnectionQuery()
        query.order = order
        query.limit = 3
        let sessions = relayed.map(\.session)
        let now: Nanoseconds = 60_000_000_000
        let parts = [Array(sessions[..<2]), Array(sessions[2...])].enumerated().map {
            query.answer($0.element, worker: $0.offset, now: now)
        }
        let (records, total) = query.merged(parts)
        #expect(total == 6 && records.count == 3)
        let ranks = records.compactMap { record in
            sessions.first { $0.requestID == record.requestID }.map { order.rank($0, now: now) }
        }
        #expect(ranks == Array(sessions.map { order.rank($0, now: now) }.sorted(by: >).prefix(3)))
        if order == .messages { #expect(records.map(\.messagesFromClient) == [5, 4, 3]) }
        if order == .bytes { #expect(records.map(\.bytesFromClient) == [35, 28, 21]) }
    }

    @Test("a record has the plain facts")
    func record() throws {
        let one = try RelayedSession()
        one.session.facts.note(try Fixtures.admitted())
        one.session.facts.route = "chat"
        one.session.facts.clientCertificate = "CN=c"
        one.upstreamSends(.text("hi"))
        let record = ConnectionRecord(one.session, worker: 3, now: 5_000_000_000)
        #expect(record.requestID == one.session.requestID && record.state == .open && record.worker == 3)
        #expect(record.age == 5000 && record.listener == "public" && record.route == "chat")
        #expect(record.subject == "alice" && record.tokenID == "t-1" && record.certificate == "CN=c")
        #expect(record.peer.description == "192.0.2.1:5000" && record.client.description == "192.0.2.1")
        #expect(record.bytesFromUpstream == 2 && record.messagesFromUpstream == 1 && record.bytesFromClient == 0)
        one.session.closeByOperator()
        #expect(ConnectionRecord(one.session, worker: 0, now: 0).state == .closing)
    }
}
