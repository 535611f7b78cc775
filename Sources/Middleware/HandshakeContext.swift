package import PolicyModel
package import Tokens
package import WebSocketProtocol

/// The clocks at one handshake, read once by the engine.
package struct HandshakeTime: Sendable, Hashable {
    /// The wall clock, as tokens count it.
    package var unixSeconds: Int64
    /// Nanoseconds of a clock that never goes back, as rates count them.
    package var monotonic: Int64

    package init(unixSeconds: Int64, monotonic: Int64) {
        self.unixSeconds = unixSeconds
        self.monotonic = monotonic
    }
}

/// What a request wants of a chain.
package enum HandshakePurpose: Sendable, Hashable {
    /// To be let in.
    case connection
    /// A one-time ticket, to be made of these 32 random bytes.
    case ticket(seed: [UInt8])
    /// To know whether a page may ask for a ticket (the Fetch standard's CORS preflight).
    case preflight
    /// To stay, under a policy that has changed: what was kept of the handshake of a live connection. See ``LiveConnection``.
    case recheck
}

/// What a middleware in shadow mode would have refused.
package struct ShadowRefusal: Sendable, Hashable {
    /// The middleware's name in the policy language.
    package var middleware: String
    package var reason: RefusalCause

    package init(middleware: String, reason: RefusalCause) {
        self.middleware = middleware
        self.reason = reason
    }

    package init(middleware: String, reason: RefusalReason) {
        self.init(middleware: middleware, reason: .builtin(reason))
    }
}

/// What is known of one handshake: what came in, and what the chain makes of it on the way.
package struct HandshakeContext: Sendable {
    /// `target` and `subprotocols` are what goes upstream: the token middleware takes its carriers out of both.
    /// `headers` stay as the client sent them.
    package var request: UpgradeRequest
    package let clientAddress: IPAddress
    /// The subject of the certificate that the client has shown and TLS has verified.
    package let clientCertificate: String?
    package let requestID: String
    package let purpose: HandshakePurpose
    /// When it is judged: a handshake that had to wait goes on with a later time.
    package internal(set) var time: HandshakeTime
    /// What goes upstream beside the fields that the engine writes itself (`Host`, the handshake's own, `X-Forwarded-*`).
    package var upstreamHeaders: HeaderFields
    /// Made on the upstream's 101 before it goes to the client.
    package var responseEdits: [HeaderEdit] = []
    /// Set once a token has been verified.
    package var identity: VerifiedToken?
    /// Until when that token holds the connection; set with it.
    package var identityTerm: IdentityTerm?
    /// Whom an authorisation service has named.
    package var authorizedSubject: String?
    /// The token itself, where it is to be turned into a ticket.
    var ticketToken: String?
    /// The origin of the page that asks, once it has been checked.
    package var allowedOrigin: String?
    /// Whether a step in shadow mode looks at it, which must use nothing up.
    var isTrial = false
    /// Held as long as the connection lives.
    package var leases: [ConnectionLease] = []
    /// Whose stay is judged; nil for every other purpose.
    var live: LiveConnection?
    package var shadowRefusals: [ShadowRefusal] = []
    /// What the chain has done so far; nil where nobody wants to know.
    package var trace: ChainTrace?

    package init(
        request: UpgradeRequest, clientAddress: IPAddress, clientCertificate: String? = nil, requestID: String,
        time: HandshakeTime, purpose: HandshakePurpose = .connection
    ) {
        self.request = request
        self.purpose = purpose
        self.clientAddress = clientAddress
        self.clientCertificate = clientCertificate
        self.requestID = requestID
        self.time = time
        var headers = request.headers
        HopByHop.removeHopByHop(from: &headers)
        Self.removeWrittenByTheGateway(from: &headers)
        upstreamHeaders = headers
    }

    /// Fields that the next hop is to believe of the gateway alone or of nobody, in every spelling that an upstream
    /// could take for them.
    private static func removeWrittenByTheGateway(from headers: inout HeaderFields) {
        headers.removeEquivalent(prefix: "X-Forwarded-")
        for name in ["Forwarded", "X-Real-IP", "Host", "Content-Length"] { headers.removeEquivalent(name) }
        // Some servers believe these two before the request line; and nobody answers what `Expect` expects.
        for name in ["X-Original-URL", "X-Rewrite-URL", "Expect"] { headers.removeEquivalent(name) }
        // A trace whose place cannot be read ends here (W3C Trace Context, section 3.2).
        if TraceParent(of: headers) == nil {
            for name in ["traceparent", "tracestate"] { headers.remove(name) }
        }
    }
}
