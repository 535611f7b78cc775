import Engine
import PolicyModel
import Tokens

/// What one test has come to.
struct TestResult {
    let test: PolicyTestCase
    /// None: it has passed.
    let failures: [TestFailure]
    /// What of the policy has had a say.
    let touched: Set<PolicyCoverage.Place>
}

/// One test, on a gateway that nobody has used before.
struct PolicyTestRun {
    private let test: PolicyTestCase
    private let policy: Policy
    private let rehearsal: Rehearsal
    private var failures: [TestFailure] = []
    private var touched: Set<PolicyCoverage.Place> = []
    /// Of the last handshake, in Unix seconds.
    private var opened: Int64 = 0
    /// Nanoseconds since the first handshake, and when the last one was.
    private var now: Int64 = 0
    private var start: Int64 = 0
    /// What has ended the connection.
    private var end: String?

    /// The result of a test, for which `rehearsal` is not used by any other.
    static func result(of test: PolicyTestCase, against policy: Policy, on rehearsal: Rehearsal) -> TestResult {
        var run = PolicyTestRun(test, policy, rehearsal)
        do throws(RehearsalError) {
            try run.play()
        } catch {
            run.failures.append(
                TestFailure(
                    subject: "the test", expected: "something that can be rehearsed",
                    actual: "\(error)".terminalSafe, position: test.position))
        }
        return TestResult(test: test, failures: run.failures, touched: run.touched)
    }

    private init(_ test: PolicyTestCase, _ policy: Policy, _ rehearsal: Rehearsal) {
        self.test = test
        self.policy = policy
        self.rehearsal = rehearsal
    }

    private mutating func play() throws(RehearsalError) {
        // Those before the last one stay open, so that limits count them.
        var open: [RehearsedConnection] = []
        var last: RehearsedHandshake?
        for number in 0..<max(1, test.handshake.repetitions) {
            let made = MadeUpHandshake(test.handshake, number: number, issuers: policy.tokenIssuers)
            let handshake = try rehearsal.handshake(made)
            touched.formUnion(PolicyCoverage.places(of: handshake))
            if let connection = handshake.connection { open.append(connection) }
            opened = made.time ?? MadeUpHandshake.usualTime
            (start, now) = (made.monotonic, made.monotonic)
            last = handshake
        }
        guard let last else { return }
        failures = HandshakeComparison(expected: test.expectation, actual: ObservedHandshake(last)).failures
        guard failures.isEmpty, let connection = last.connection else { return }
        let route = policy.routes.first { $0.name == last.route?.name }
        for (index, message) in test.messages.enumerated() {
            now = now.saturatingAdd(message.delay.nanoseconds)
            let actual = try outcome(of: message, number: index + 1, on: connection, route)
            failures += MessageComparison(number: index + 1, message: message, actual: actual).failures
        }
        // Limits count a connection for as long as anybody holds it.
        withExtendedLifetime(open) {}
    }

    /// What becomes of the last one of a message's repetitions.
    private mutating func outcome(
        of message: TestMessage, number: Int, on connection: RehearsedConnection, _ route: RoutePolicy?
    ) throws(RehearsalError) -> ObservedMessage {
        var actual = ObservedMessage(outcome: .other("is not sent"))
        for _ in 0..<max(1, message.repetitions) {
            if let end { return ObservedMessage(outcome: .other("is not sent: \(end)")) }
            var renewal: String?
            if case .renewal(let claims) = message.payload {
                let time = opened.saturatingAdd((now - start) / 1_000_000_000)
                let token = try rehearsal.token(MadeUpClaims(claims, at: time, policy.tokenIssuers), time: time)
                renewal = route?.renewal(by: token)
                guard renewal != nil else { return ObservedMessage(outcome: .other("is not sent: no `renew` here")) }
            }
            let made = MadeUpMessage(message, renewal: renewal, monotonic: now)
            let rehearsed = rehearsal.message(made, on: connection)
            if let route {
                let owner = PolicyCoverage.Owner.route(route.name)
                touched.formUnion(rehearsed.hits.map { PolicyCoverage.Place(owner: owner, position: $0.position) })
            }
            actual = ObservedMessage(rehearsed)
            if case .closed(let code, let reason, _) = rehearsed.verdict {
                end = "message \(number) has ended the connection, \(code) \(ShownText.quoted(reason))"
            }
        }
        return actual
    }
}
