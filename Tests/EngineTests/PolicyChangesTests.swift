import Middleware
import PolicyModel
import Testing

@testable import Engine

/// What a route or an admission says, by a word.
func form(_ text: String) -> PolicyForm {
    var hasher = Hasher()
    hasher.combine(text)
    return PolicyForm(hasher)
}

@Suite struct PolicyChangesTests {
    private func policy(
        _ routes: [(name: String, form: String, change: PolicyChange)], listeners: [(String, String)] = []
    ) throws -> Policy {
        let address = try #require(SocketAddress("127.0.0.1:0"))
        return Policy(
            listeners: listeners.map { name, admission in
                var listener = ListenerPolicy(
                    name: name, address: address, tls: TLSPolicy(certificates: []), position: Fixtures.position)
                listener.admissionForm = form(admission)
                return listener
            },
            routes: routes.map { name, text, change in
                var route = Fixtures.routePolicy()
                (route.name, route.form, route.onPolicyChange) = (name, form(text), change)
                return route
            })
    }

    @Test("routes that say something else, that have gone and that have come are judged; the others are not touched")
    func routes() throws {
        let changes = PolicyChanges(
            from: try policy([("same", "a", .recheck), ("other", "b", .recheck), ("gone", "c", .recheck)]),
            to: try policy([("new", "d", .recheck), ("other", "B", .recheck), ("same", "a", .recheck)]))
        #expect(changes.routes == ["other", "gone", "new"])
        #expect(changes.scope(listener: "public", route: "other") == [.route, .router])
        #expect(changes.scope(listener: "public", route: "same") == .router)
        #expect(changes.scope(listener: "public", route: nil) == [])
    }

    @Test("the new policy says whether connections are kept; of a route that is gone the old one does")
    func keeping() throws {
        let changes = PolicyChanges(
            from: try policy([("on", "a", .recheck), ("off", "b", .keep), ("gone", "c", .keep)]),
            to: try policy([("on", "A", .keep), ("off", "B", .recheck)]))
        #expect(changes.routes == ["off"])
        #expect(["on", "off", "gone"].map { changes.isKept($0) } == [true, false, true])
    }

    @Test("a listener's connections are judged where its admission says something else, or it has come with one")
    func listeners() throws {
        let changes = PolicyChanges(
            from: try policy([("kept", "a", .keep)], listeners: [("same", "a"), ("other", "b"), ("gone", "c")]),
            to: try policy([("kept", "a", .keep)], listeners: [("same", "a"), ("other", "B"), ("new", "d")]))
        #expect(changes.listeners == ["other", "new"])
        #expect(changes.scope(listener: "other", route: nil) == .admission)
        #expect(changes.scope(listener: "other", route: "any") == .admission)
        #expect(changes.scope(listener: "other", route: "kept") == [])
        #expect(changes.scope(listener: "same", route: "any") == [])
    }

    @Test(
        "where routes come, go, or change places, the router is asked again of all connections but those that are kept")
    func routing() throws {
        let (one, other) = (("a", "a", PolicyChange.recheck), ("b", "b", PolicyChange.keep))
        let changes = PolicyChanges(from: try policy([one, other]), to: try policy([other, one]))
        #expect(changes.routes.isEmpty && changes.isRouting && !changes.isEmpty)
        #expect(changes.scope(listener: "public", route: "a") == .router)
        #expect(changes.scope(listener: "public", route: "b") == [])
        #expect(changes.scope(listener: "public", route: nil) == [])
    }

    @Test("the same policy again is no change")
    func same() throws {
        let one = try policy([("a", "a", .recheck)], listeners: [("public", "x")])
        #expect(PolicyChanges(from: one, to: one).isEmpty)
        #expect(PolicyChanges().isEmpty)
    }
}
