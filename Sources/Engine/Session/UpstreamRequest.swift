internal import Middleware
internal import PolicyModel
internal import WebSocketProtocol

/// The gateway's own opening handshake toward an upstream (RFC 6455 section 4.1): what the client sent, less what concerns its
/// own connection, with what the policy sets, and no extension but what the policy has it offer.
struct UpstreamRequest: Sendable {
    let target: String
    let host: String
    /// `Sec-WebSocket-Key`.
    let key: String
    let subprotocols: [String]
    let offers: [PerMessageDeflateOffer]
    /// Beside those of the handshake itself.
    let headers: HeaderFields

    /// - Parameters:
    ///   - basePath: what the endpoint's URL puts in front of every path.
    ///   - peer: who has connected, which may be a proxy.
    ///   - trustedProxies: the listener's.
    init(
        _ admitted: AdmittedUpgrade, basePath: String, key: String, offers: [PerMessageDeflateOffer], peer: IPAddress,
        trustedProxies: CIDRSet
    ) {
        let request = admitted.request
        var headers = admitted.upstreamHeaders
        // A proxy that is trusted has told the way until itself; from anyone else the way begins with the peer.
        let told = trustedProxies.contains(peer) ? request.headers.listValues("X-Forwarded-For") : []
        let way = told.isEmpty ? [admitted.clientAddress.description] : told + [peer.description]
        headers.set("X-Forwarded-For", way.joined(separator: ", "))
        headers.set("X-Forwarded-Proto", "https")
        headers.set("X-Forwarded-Host", request.host.description)
        target = basePath + request.target.description
        host = request.host.description
        self.key = key
        subprotocols = request.subprotocols
        self.offers = offers
        self.headers = headers
    }

    /// As it goes over the wire; nil where a part could break out of its place.
    var serialized: [UInt8]? {
        UpgradeRequestWriter.serializedUpgrade(
            target: target, host: host, key: key, subprotocols: subprotocols, offers: offers, headers: headers)
    }
}
