/// A handshake as a policy test describes it. What is nil was not said: the runner then takes what is usual.
package struct TestHandshake: Sendable {
    /// How the client says who it is.
    package enum Credential: Sendable {
        /// A token of an issuer of the policy's, made for the test: its signature holds.
        case claims(TestClaims)
        /// A token as it stands.
        case token(String)
    }

    /// As a `Host` field has it, a port included.
    package var host: String?
    /// Path and query.
    package var target: String?
    /// The name of a listener; the first one where it is nil.
    package var listener: String?
    /// Of the peer.
    package var address: IPAddress?
    package var method: String?
    package var origin: String?
    /// Beside those that a handshake has anyway, in file order.
    package var headers: [(name: String, value: String)] = []
    package var subprotocols: [String] = []
    package var credential: Credential?
    /// The subject of a certificate that TLS has verified.
    package var clientCertificate: String?
    /// Unix seconds.
    package var time: Int64?
    /// How often it is made, at least once; what is expected is expected of the last one.
    package var repetitions = 1
    /// Between one and the next.
    package var interval = Duration.zero
    /// What authorisation services answer, the first that fits; one for which there is none gives no answer in time.
    package var authorization: [MadeUpAuthorization] = []
    /// The text that the client sends first, where the policy waits for it.
    package var firstMessage: String?

    package init() {}
}

/// What a token says that a policy test makes up.
package struct TestClaims: Sendable, Equatable {
    package var subject: String
    /// The name of a token issuer of the policy's; nil: the builtin one, or else the policy's first.
    package var issuer: String?
    package var audiences: [String] = []
    package var scopes: [String] = []
    /// `jti`; nil for one that is made up.
    package var id: String?
    /// From the handshake's time to `exp`, negative for a token that has expired.
    package var expiresIn = Duration.seconds(3600)
    /// From `iat` to the handshake's time.
    package var age = Duration.zero
    /// From the handshake's time to `nbf`; nil without one.
    package var startsIn: Duration?
    /// How many connections it is good for; nil for any number.
    package var uses: Int?
    /// All others.
    package var other: [String: JSONTree] = [:]

    package init(subject: String) {
        self.subject = subject
    }
}
