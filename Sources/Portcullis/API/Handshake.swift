import Middleware
import PolicyModel
import Tokens
import WebSocketProtocol

/// A client's opening handshake, as a middleware sees it: what the client has sent, what the entries before have found out, and
/// what will go upstream.
public struct Handshake: Sendable {
    private let context: HandshakeContext
    /// Fields of the request that will go upstream.
    var upstream: HeaderFields
    /// Names that may be set.
    private let settable: [String]
    /// What has been done that must not be: it lets nobody in.
    private(set) var failure: PolicyModel.RefusalReason?

    /// The token that an entry before has verified; nil without a `token` entry, or before it.
    public let token: Token?
    /// The wall clock in Unix seconds, read once for the handshake.
    public let unixSeconds: Int64

    init(_ context: HandshakeContext, settable: [String]) {
        self.context = context
        self.settable = settable
        upstream = context.upstreamHeaders
        token = context.identity.map { Token($0.claims, issuer: $0.issuerName) }
        unixSeconds = context.time.unixSeconds
    }

    /// The client's address, behind a trusted proxy the one that it names: `192.0.2.1`, `2001:db8::1`.
    public var clientAddress: String { context.clientAddress.description }

    /// The subject of the client's TLS certificate, `CN=alice,O=Example`; nil where it has shown none.
    public var clientCertificate: String? { context.clientCertificate }

    /// The one in the audit log.
    public var requestID: String { context.requestID }

    /// The host that is asked for, in lower case and without port; an IPv6 address without brackets.
    public var host: String { context.request.host.name }

    /// Normalised: percent-encoding in one spelling, neither dot segments nor empty ones. It begins with a slash.
    public var path: String { context.request.target.path }

    /// The decoded values of a query parameter, in order. A token or ticket that a `token` entry has read is no longer there.
    public func query(named name: String) -> [String] {
        context.request.target.queryItems.filter { $0.name.utf8.elementsEqual(name.utf8) }.map(\.value)
    }

    /// The values of all fields of that name that the client has sent, in order; case does not count.
    public func headers(named name: String) -> [String] { context.request.headers.values(name) }

    /// The page that asks, as the client says; nil for programs.
    public var origin: String? { context.request.origin }

    /// Offered subprotocols, in the client's order of preference, without one that has carried a token.
    public var subprotocols: [String] { context.request.subprotocols }

    /// Who the client is: the token's subject, or the one that `authorize` was told; nil where nobody knows.
    public var subject: String? { token?.subject ?? context.authorizedSubject }

    // MARK: - What goes upstream

    /// The values of all fields of that name that will go upstream, as far as it is known.
    public func upstreamHeaders(named name: String) -> [String] { upstream.values(name) }

    /// Sets a field toward the upstream, in the place of all that a server could take for it. The name must be among the
    /// middleware's ``HandshakeMiddleware/upstreamHeaders``, or the handshake is refused (`middleware-unavailable`); a value that
    /// no field may have, with a line break above all, refuses it as well (`malformed-request`).
    public mutating func setUpstreamHeader(_ name: String, to value: String) {
        // By its own spelling: to Unicode, more is equal without case than is to HTTP.
        guard let name = settable.first(where: { $0.lowercased() == name.lowercased() }) else {
            failure = .middlewareUnavailable
            return
        }
        guard HeaderFields.isValidValue(value) else {
            failure = .malformedRequest
            return
        }
        upstream.removeEquivalent(name)
        upstream.add(name, value)
    }

    /// Removes a field, and all that a server could take for it.
    public mutating func removeUpstreamHeader(_ name: String) {
        upstream.removeEquivalent(name)
    }
}

extension Handshake {
    /// A handshake for tests of a middleware; nil where no gateway would read one out of it. All fields of `upstreamHeaders` may
    /// be set.
    public init?(
        target: String = "/", host: String = "localhost", headers: [(name: String, value: String)] = [],
        clientAddress: String = "127.0.0.1", token: Token? = nil, unixSeconds: Int64 = 0, upstreamHeaders: [String] = []
    ) {
        let own = [
            ("Host", host), ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ]
        guard let address = IPAddress(clientAddress), let requestHost = RequestHost(host),
            let requestTarget = try? RequestTarget(originForm: target),
            let request = try? UpgradeRequest(
                RequestHead(
                    method: "GET", target: requestTarget, host: requestHost,
                    headers: HeaderFields((own + headers).map { HeaderField(name: $0.0, value: $0.1) })))
        else { return nil }
        context = HandshakeContext(
            request: request, clientAddress: address, requestID: "test",
            time: HandshakeTime(unixSeconds: unixSeconds, monotonic: 0))
        settable = upstreamHeaders
        upstream = context.upstreamHeaders
        self.token = token
        self.unixSeconds = unixSeconds
    }
}
