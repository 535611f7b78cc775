package import WebSocketProtocol

/// Carries questions to authorisation services. Sockets belong to the engine: it has one that does so by HTTP.
package protocol AuthorizationService: Sendable {
    /// Asks. `answered` is called exactly once, on any thread, also before this returns; with nil where nobody has answered,
    /// or not with HTTP, or too much, or not in time.
    func ask(_ request: AuthorizationRequest, answered: @escaping @Sendable (AuthorizationAnswer?) -> Void)

    /// A digest of which nobody can find two sources, 32 bytes: what a client sent is remembered as that alone.
    func digest(_ bytes: [UInt8]) -> [UInt8]
}

/// A GET request to an authorisation service.
package struct AuthorizationRequest: Sendable, Hashable {
    package let url: String
    package let headers: HeaderFields
    /// Until the last byte of the answer, waiting for a turn included.
    package let timeout: Duration
    /// As the policy names it: the path of a PEM file of those who may sign the service's certificate; nil: the system's.
    package let authority: String?

    package init(url: String, headers: HeaderFields, timeout: Duration, authority: String?) {
        self.url = url
        self.headers = headers
        self.timeout = timeout
        self.authority = authority
    }
}

/// What such a service has answered; its body says nothing.
package struct AuthorizationAnswer: Sendable, Hashable {
    package let status: Int
    package let headers: HeaderFields

    package init(status: Int, headers: HeaderFields = HeaderFields()) {
        self.status = status
        self.headers = headers
    }
}
