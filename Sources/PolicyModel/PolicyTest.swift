/// What a `*.test.yaml` says: handshakes and messages, and what a policy should make of them.
package struct PolicyTestFile: Sendable {
    /// The policy that it tests, relative to the folder in which the file stands; nil where it does not say.
    package var policies: String?
    /// In file order.
    package var cases: [PolicyTestCase]

    package init(policies: String? = nil, cases: [PolicyTestCase] = []) {
        self.policies = policies
        self.cases = cases
    }
}

/// One of its `tests`: a handshake, and messages on the connection where it is admitted.
package struct PolicyTestCase: Sendable {
    package var name: String
    package var handshake: TestHandshake
    package var expectation: HandshakeExpectation
    /// In the order in which they are sent.
    package var messages: [TestMessage]
    package var position: SourcePosition

    package init(
        name: String, handshake: TestHandshake, expectation: HandshakeExpectation, messages: [TestMessage] = [],
        position: SourcePosition
    ) {
        self.name = name
        self.handshake = handshake
        self.expectation = expectation
        self.messages = messages
        self.position = position
    }
}

/// A message on an admitted connection, and what should become of it.
package struct TestMessage: Sendable {
    package var payload: TestPayload
    package var sender: MessageSender
    /// How much later it comes than what was before it.
    package var delay: Duration
    /// How often it is sent, at least once; what is expected is expected of the last one.
    package var repetitions: Int
    package var expectation: MessageExpectation

    package init(
        payload: TestPayload, sender: MessageSender = .client, delay: Duration = .zero, repetitions: Int = 1,
        expectation: MessageExpectation
    ) {
        self.payload = payload
        self.sender = sender
        self.delay = delay
        self.repetitions = repetitions
        self.expectation = expectation
    }
}

/// What a message holds, or should hold.
package enum TestPayload: Sendable, Equatable {
    case text(String)
    /// Sent as text in its shortest spelling; compared by its value.
    case json(JSONTree)
    case binary([UInt8])
    /// A message with a fresh token, in the form that the route wants; only ever sent.
    case renewal(TestClaims)
}
