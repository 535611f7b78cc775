/// What a policy should make of a handshake. What is nil is not looked at.
package struct HandshakeExpectation: Sendable {
    package enum Decision: Sendable, Equatable {
        case admitted
        /// nil for any reason.
        case refused(reason: String?)
    }

    package var decision: Decision
    /// The name of the route that it should belong to.
    package var route: String?
    /// Of the refusal.
    package var status: Int?
    /// Toward the upstream.
    package var upstreamHeaders: [HeaderExpectation] = []
    /// Of the 101, or of the refusal.
    package var responseHeaders: [HeaderExpectation] = []
    /// Path and query toward the upstream.
    package var target: String?
    /// What goes upstream, in this order.
    package var subprotocols: [String]?
    /// Who the client is.
    package var subject: String?
    /// Reasons of what would have refused it in shadow mode, in any order.
    package var shadow: [String]?
    package var position: SourcePosition

    package init(_ decision: Decision, position: SourcePosition) {
        self.decision = decision
        self.position = position
    }
}

/// What a header should be.
package struct HeaderExpectation: Sendable {
    package enum Value: Sendable, Equatable {
        case absent
        /// Whatever it says.
        case present
        case exactly(String)
    }

    package var name: String
    package var value: Value
    package var position: SourcePosition

    package init(name: String, value: Value, position: SourcePosition) {
        self.name = name
        self.value = value
        self.position = position
    }
}

/// What should become of a message.
package struct MessageExpectation: Sendable {
    package enum Outcome: Sendable, Equatable {
        /// It goes on as it came.
        case passed
        /// It goes on with another content; nil for any.
        case edited(TestPayload?)
        case dropped
        /// Its sender gets this in its stead; nil for any.
        case reply(TestPayload?)
        /// The connection ends; nil for any code, any reason.
        case closed(code: UInt16?, reason: String?)
    }

    package var outcome: Outcome
    /// Names of rules that should have acted; others may have as well.
    package var rules: [String] = []
    /// Names of the rules that would have acted in shadow mode, in any order; nil where that is not looked at.
    package var shadow: [String]?
    package var position: SourcePosition

    package init(_ outcome: Outcome, position: SourcePosition) {
        self.outcome = outcome
        self.position = position
    }
}
