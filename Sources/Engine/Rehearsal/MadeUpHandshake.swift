package import PolicyModel

/// A handshake that nobody has sent, for a ``Rehearsal``: a valid one, but for what is said of it here.
package struct MadeUpHandshake: Sendable {
    /// What the client shows as its token.
    package enum Credential: Sendable {
        case none
        /// This text, where the route first takes a token from; in `Authorization: Bearer …` where it takes none.
        case token(String)
        /// A token with these claims, in the same place, signed with a key that only the rehearsal knows.
        case claims(MadeUpClaims)
    }

    /// As in a `Host` field: a name or an address, with a port where it has one.
    package var host: String
    /// The path, with the query behind a `?`.
    package var target: String
    /// The listener's name in the policy; nil is the first one.
    package var listener: String?
    /// Whoever has connected, which may be a proxy. By default 192.0.2.1, which nobody has (RFC 5737).
    package var peer: IPAddress
    package var method: String
    /// Beside those of a valid handshake; one under a name of the handshake's own takes its place, or with an empty value
    /// removes it. Written as they are: what may not stand in a field is judged as it would be of a client.
    package var headers: [(name: String, value: String)]
    /// Offered, in this order.
    package var subprotocols: [String]
    package var credential: Credential
    /// The subject of a client certificate that TLS has verified; nil where the client shows none.
    package var clientCertificate: String?
    /// Unix seconds; nil is now.
    package var time: Int64?
    /// Nanoseconds, as rates count them; only the difference between two handshakes of one rehearsal means anything.
    package var monotonic: Int64
    /// What authorisation services answer. The first one that fits is given; a service for which there is none leaves the
    /// handshake undecided.
    package var authorization: [MadeUpAuthorization]
    /// The text that a client sends first where the route asks for a token there; nil where it has sent none yet.
    package var firstMessage: String?

    package init(
        host: String, target: String = "/", listener: String? = nil, peer: IPAddress = .v4(0xc000_0201),
        method: String = "GET", headers: [(name: String, value: String)] = [], subprotocols: [String] = [],
        credential: Credential = .none, clientCertificate: String? = nil, time: Int64? = nil, monotonic: Int64 = 0,
        authorization: [MadeUpAuthorization] = [], firstMessage: String? = nil
    ) {
        self.host = host
        self.target = target
        self.listener = listener
        self.peer = peer
        self.method = method
        self.headers = headers
        self.subprotocols = subprotocols
        self.credential = credential
        self.clientCertificate = clientCertificate
        self.time = time
        self.monotonic = monotonic
        self.authorization = authorization
        self.firstMessage = firstMessage
    }
}
