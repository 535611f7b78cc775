import Engine
import PolicyModel

/// What one test has come to.
struct TestResult {
    let test: PolicyTestCase
    /// None: it has passed.
    let failures: [TestFailure]
    /// What of the policy has had a say.
    let touched: Set<SourcePosition>
}

/// Tests against one policy, each on a gateway of its own that nobody has used before.
struct PolicyTestRun {
    let policy: Policy
    /// Made anew for each test.
    let rehearsal: () throws -> Rehearsal

    func result(of test: PolicyTestCase) throws -> TestResult {
        let rehearsal = try rehearsal()
        var failures: [TestFailure] = []
        var touched: Set<SourcePosition> = []
        // Those before the last one live on, so that limits count them.
        var earlier: [RehearsedHandshake] = []
        var monotonic: Int64 = 0
        for number in 0..<max(1, test.handshake.repetitions) {
            let made = MadeUpHandshake(test.handshake, number: number, issuers: policy.tokenIssuers)
            let handshake: RehearsedHandshake
            do throws(RehearsalError) {
                handshake = try rehearsal.handshake(made)
            } catch {
                let failure = TestFailure(
                    subject: "the handshake", expected: "one that can be made", actual: ShownText.plain("\(error)"),
                    position: test.position)
                return TestResult(test: test, failures: [failure], touched: touched)
            }
            monotonic = made.monotonic
            touched.formUnion(handshake.touched)
            earlier.append(handshake)
        }
        guard let last = earlier.last else { return TestResult(test: test, failures: [], touched: touched) }
        failures += HandshakeComparison(expected: test.expectation, actual: ObservedHandshake(last)).failures
        if failures.isEmpty, let connection = last.connection {
            failures += messages(of: test, on: connection, of: rehearsal, from: monotonic, &touched)
        }
        return TestResult(test: test, failures: failures, touched: touched)
    }

    private func messages(
        of test: PolicyTestCase, on connection: RehearsedConnection, of rehearsal: Rehearsal,
        from start: Int64, _ touched: inout Set<SourcePosition>
    ) -> [TestFailure] {
        var failures: [TestFailure] = []
        var monotonic = start
        var end: Int?
        for (index, message) in test.messages.enumerated() {
            monotonic = monotonic.addingClamped(message.delay.nanoseconds)
            var actual = ObservedMessage(outcome: .other("is not sent"))
            for _ in 0..<max(1, message.repetitions) {
                if let end {
                    actual = ObservedMessage(outcome: .other("is not sent: message \(end) has ended the connection"))
                    break
                }
                let rehearsed = rehearsal.message(MadeUpMessage(message, monotonic: monotonic), on: connection)
                touched.formUnion(rehearsed.hits.map(\.position))
                actual = ObservedMessage(rehearsed)
                if case .closed = rehearsed.verdict { end = index + 1 }
            }
            failures += MessageComparison(number: index + 1, message: message, actual: actual).failures
        }
        return failures
    }
}
