internal import Crypto
internal import Middleware
internal import WebSocketProtocol

/// The 101 that a client gets (RFC 6455 section 4.2.2).
struct OpeningAnswer: Sendable {
    /// The client's `Sec-WebSocket-Key`.
    let key: String
    let subprotocol: String?
    let deflate: PerMessageDeflateAgreement?
    /// Beside those of the handshake itself.
    let headers: HeaderFields

    /// The gateway's own, to a client whose first message it wants to read. A browser that has offered subprotocols wants one of
    /// them: the first, which the upstream has to take as well.
    init(greeting context: HandshakeContext) {
        var headers = HeaderFields()
        for edit in context.responseEdits { edit.apply(to: &headers) }
        key = context.request.key
        subprotocol = context.request.subprotocols.first
        deflate = nil
        self.headers = headers
    }

    /// The upstream's, as the policy edits it. `upstream` are the fields of its 101.
    init(
        passing upstream: HeaderFields, to admitted: AdmittedUpgrade, subprotocol: String?,
        deflate: PerMessageDeflateAgreement?
    ) {
        var headers = upstream
        HopByHop.removeHopByHop(from: &headers)
        headers.remove("Content-Length")
        for edit in admitted.responseEdits { edit.apply(to: &headers) }
        key = admitted.request.key
        self.subprotocol = subprotocol
        self.deflate = deflate
        self.headers = headers
    }

    /// As it goes over the wire; nil where a part could break out of its place.
    var serialized: [UInt8]? {
        ResponseWriter.serializedSwitchingProtocols(
            accept: Digest.webSocketAccept(forKey: key), subprotocol: subprotocol, deflate: deflate, headers: headers)
    }
}
