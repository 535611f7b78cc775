/// What an upstream did wrong in its answer to the gateway's opening handshake.
package enum UpstreamHandshakeError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Not a response head that RFC 9112 allows; the detail is a fixed phrase.
    case malformedResponse(String)
    /// Any status but 101.
    case refused(status: Int)
    /// A 101 that RFC 6455 4.1 does not allow; the detail is a fixed phrase.
    case invalidUpgrade(String)

    /// In words, of which none are the upstream's.
    package var description: String {
        switch self {
        case .malformedResponse(let detail): "malformed answer: \(detail)"
        case .refused(let status): "it answered \(status)"
        case .invalidUpgrade(let detail): detail
        }
    }
}

/// What an upstream has chosen of what the gateway offered.
package struct UpstreamChoice: Sendable, Equatable {
    /// nil for none.
    package let subprotocol: String?
    /// nil where it does without permessage-deflate.
    package let deflate: PerMessageDeflateAgreement?
}

/// The client's side of RFC 6455 4.1: what was asked of an upstream, and whether its answer grants it.
package struct UpstreamHandshake: Sendable {
    /// The only `Sec-WebSocket-Accept` that answers the key that was sent.
    package let expectedAccept: String
    package let offeredSubprotocols: [String]
    /// No other extension is ever offered.
    package let deflateOffers: [PerMessageDeflateOffer]

    package init(
        expectedAccept: String, offeredSubprotocols: [String], deflateOffers: [PerMessageDeflateOffer] = []
    ) {
        self.expectedAccept = expectedAccept
        self.offeredSubprotocols = offeredSubprotocols
        self.deflateOffers = deflateOffers
    }

    /// What the upstream has chosen of what it was offered.
    package func verify(_ head: ResponseHead) throws(UpstreamHandshakeError) -> UpstreamChoice {
        guard head.status == 101 else { throw .refused(status: head.status) }
        let headers = head.headers
        let upgrades = headers.listValues("Upgrade")
        guard upgrades.count == 1, upgrades[0].equalsIgnoringCase("websocket") else {
            throw .invalidUpgrade("Upgrade is not websocket alone")
        }
        guard headers.listValues("Connection").contains(where: { $0.equalsIgnoringCase("upgrade") }) else {
            throw .invalidUpgrade("Connection does not name upgrade")
        }
        guard headers.values("Sec-WebSocket-Accept") == [expectedAccept] else {
            throw .invalidUpgrade("Sec-WebSocket-Accept does not answer the key")
        }
        let deflate = try agreement(headers)
        // RFC 9110 8.6 and RFC 9112 6.1: a 101 has no body, and says so by saying nothing.
        guard !headers.contains("Transfer-Encoding"), headers.values("Content-Length").allSatisfy({ $0 == "0" }) else {
            throw .invalidUpgrade("a 101 with a body")
        }
        let chosen = headers.values("Sec-WebSocket-Protocol")
        guard chosen.count <= 1,
            chosen.allSatisfy({ HeaderFields.isValidName($0) && offeredSubprotocols.contains($0) })
        else {
            throw .invalidUpgrade("the subprotocol was not offered")
        }
        return UpstreamChoice(subprotocol: chosen.first, deflate: deflate)
    }

    /// RFC 6455 9.1: one element of those that were offered, and RFC 7692 7.1: with parameters that answer one of the offers.
    private func agreement(_ headers: HeaderFields) throws(UpstreamHandshakeError) -> PerMessageDeflateAgreement? {
        guard headers.contains("Sec-WebSocket-Extensions") else { return nil }
        guard !deflateOffers.isEmpty else { throw .invalidUpgrade("an extension was not offered") }
        guard let elements = headers.extensions, let element = elements.first, elements.count == 1 else {
            throw .invalidUpgrade("Sec-WebSocket-Extensions is not one extension")
        }
        guard let agreement = PerMessageDeflateAgreement(element), deflateOffers.contains(where: agreement.answers)
        else {
            throw .invalidUpgrade("the extension does not answer what was offered")
        }
        return agreement
    }
}
