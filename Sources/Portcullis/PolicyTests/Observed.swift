import PolicyModel

/// What a policy has made of a test's handshake.
struct ObservedHandshake {
    enum Decision {
        case admitted
        /// `position`: of the entry that has refused, where it was one.
        case refused(reason: String, status: Int?, position: SourcePosition?)
        /// Neither, and why.
        case undecided(String)
    }

    var decision: Decision
    /// nil where it came to none.
    var route: String?
    var upstreamHeaders: [(name: String, value: String)] = []
    /// Path and query toward the upstream.
    var target: String?
    var subprotocols: [String] = []
    var responseHeaders: [(name: String, value: String)] = []
    var subject: String?
    /// Reasons of what would have refused it in shadow mode.
    var shadow: [String] = []
}

/// What has become of a test's message.
struct ObservedMessage {
    enum Outcome {
        case passed
        case edited([UInt8])
        case dropped
        case reply([UInt8])
        case closed(code: UInt16, reason: String)
        /// Nothing that a test can expect; as the rest of a sentence.
        case other(String)
    }

    /// A rule that has acted, or would have.
    struct Rule {
        var name: String
        var isShadow: Bool
    }

    var outcome: Outcome
    var rules: [Rule] = []
}

/// Something that is not as a test expects it.
struct TestFailure {
    /// What was looked at: "the decision", "the header X-User".
    var subject: String
    var expected: String
    var actual: String
    /// Where the expectation stands.
    var position: SourcePosition
    /// Line by line, where both are long.
    var difference: [LineDifference.Line] = []
}
