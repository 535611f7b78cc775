import PolicyModel
import Testing

@testable import Portcullis

struct HandshakeComparisonTests {
    private static func expectation(
        _ decision: HandshakeExpectation.Decision, _ edit: (inout HandshakeExpectation) -> Void = { _ in }
    ) -> HandshakeExpectation {
        var expectation = HandshakeExpectation(decision, position: position)
        edit(&expectation)
        return expectation
    }

    private static func failures(_ expected: HandshakeExpectation, _ actual: ObservedHandshake) -> [String] {
        HandshakeComparison(expected: expected, actual: actual).failures.map {
            "\($0.subject): \($0.expected) / \($0.actual)"
        }
    }

    private static let admitted = ObservedHandshake(
        decision: .admitted, route: "chat",
        upstreamHeaders: [("X-User", "alice"), ("X_Other", "1"), ("A", "1"), ("a", "2")],
        target: "/chat", subprotocols: ["v1"], responseHeaders: [("HSTS", "1")], subject: "alice", shadow: ["b", "a"])
    private static let refused = ObservedHandshake(
        decision: .refused(
            reason: "origin-denied", status: 403, position: SourcePosition(file: "p.yaml", line: 9, column: 3)),
        route: "chat", responseHeaders: [("Retry-After", "6")])

    @Test("what is as it should be has no failures")
    func good() {
        let wanted = Self.expectation(.admitted) {
            $0.route = "chat"
            $0.target = "/chat"
            $0.subprotocols = ["v1"]
            $0.subject = "alice"
            $0.shadow = ["a", "b"]
            $0.upstreamHeaders = [
                HeaderExpectation(name: "x-user", value: .exactly("alice"), position: position),
                HeaderExpectation(name: "A", value: .exactly("1, 2"), position: position),
                HeaderExpectation(name: "A", value: .present, position: position),
                HeaderExpectation(name: "Cookie", value: .absent, position: position),
            ]
            $0.responseHeaders = [HeaderExpectation(name: "HSTS", value: .exactly("1"), position: position)]
        }
        #expect(Self.failures(wanted, Self.admitted) == [])
        #expect(Self.failures(Self.expectation(.refused(reason: nil)), Self.refused) == [])
        let reason = Self.expectation(.refused(reason: "origin-denied")) { $0.status = 403 }
        #expect(Self.failures(reason, Self.refused) == [])
    }

    @Test("a decision that is another is all that is said")
    func decision() {
        let wanted = Self.expectation(.admitted) {
            $0.route = "chat"
            $0.subject = "alice"
        }
        #expect(
            Self.failures(wanted, Self.refused) == [
                "the decision: admitted to the route chat / refused, origin-denied (403), by p.yaml:9"
            ])
        #expect(
            Self.failures(Self.expectation(.refused(reason: "ip-denied")), Self.admitted) == [
                "the decision: refused, ip-denied / admitted to the route chat"
            ])
        let waits = ObservedHandshake(decision: .undecided("undecided: it waits"))
        #expect(Self.failures(Self.expectation(.refused(reason: nil)), waits).count == 1)
        #expect(Self.failures(Self.expectation(.admitted), waits).count == 1)
    }

    @Test("each fact that is another")
    func facts() {
        let wanted = Self.expectation(.admitted) {
            $0.route = "other"
            $0.target = "/other"
            $0.subprotocols = []
            $0.subject = "bob"
            $0.shadow = []
            $0.upstreamHeaders = [
                HeaderExpectation(name: "X-User", value: .exactly("bob\n"), position: position),
                HeaderExpectation(name: "X-None", value: .present, position: position),
                HeaderExpectation(name: "X-Other", value: .absent, position: position),
            ]
            $0.responseHeaders = [HeaderExpectation(name: "X-User", value: .exactly("x"), position: position)]
        }
        #expect(
            Self.failures(wanted, Self.admitted) == [
                "the route: other / chat", "the path toward the upstream: /other / /chat",
                "the subprotocols toward the upstream: none / v1", "the subject: bob / alice",
                "what would have refused in shadow mode: none / b, a",
                #"the header X-User toward the upstream: "bob\u{a}" / "alice""#,
                "the header X-None toward the upstream: one, whatever it says / none",
                #"the header X-Other toward the upstream: none / "1""#,
                #"the header X-User of the answer: "x" / none"#,
            ])
        let status = Self.expectation(.refused(reason: nil)) { $0.status = 401 }
        #expect(Self.failures(status, Self.refused) == ["the status: 401 / 403"])
    }
}
