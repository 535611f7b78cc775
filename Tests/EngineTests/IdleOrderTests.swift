import Testing

@testable import Engine

@Suite struct IdleOrderTests {
    private func table(_ relayed: [RelayedSession]) -> [ObjectIdentifier: Session] {
        Dictionary(uniqueKeysWithValues: relayed.map { (ObjectIdentifier($0.session), $0.session) })
    }

    @Test("nobody goes before it has been idle for ten seconds; then all, with 1013")
    func patience() throws {
        let relayed = try (0..<3).map { _ in try RelayedSession() }
        let start = try #require(relayed.compactMap(\.session.idleSince).max())
        var order = IdleOrder()
        order.shed(table(relayed), now: start + IdleOrder.patience - 1_000_000_000)
        for one in relayed { #expect(try one.atClient().isEmpty) }
        order.shed(table(relayed), now: start + IdleOrder.patience)
        for one in relayed {
            #expect(try one.atClient() == [.close(1013, "capacity-exceeded")])
            #expect(one.relay.ending?.reason == "capacity-exceeded")
            #expect(one.session.idleSince == nil)
        }
    }

    @Test("at most eight, or a hundredth, at a time, and those first that have been idle for longest")
    func oldestFirst() throws {
        let byAge = try (0..<10).map { try RelayedSession(now: Nanoseconds($0)) }
        let newest = try #require(byAge.last?.session.idleSince)
        var order = IdleOrder()
        order.shed(table(byAge), now: newest + IdleOrder.patience)
        #expect(byAge.map { $0.relay.ending != nil } == Array(repeating: true, count: 8) + [false, false])
        // The rest, without another look at all of them.
        order.shed(table(byAge), now: newest + IdleOrder.patience)
        #expect(byAge.allSatisfy { $0.relay.ending != nil })
    }
}
