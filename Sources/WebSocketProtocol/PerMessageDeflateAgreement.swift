/// What a server has answered to an offer of permessage-deflate, and both sides follow from then on (RFC 7692 7.1).
package struct PerMessageDeflateAgreement: Sendable, Equatable {
    /// The server begins every message anew.
    package var serverNoContextTakeover: Bool
    /// The client begins every message anew.
    package var clientNoContextTakeover: Bool
    /// The largest window of the server's, 8 to 15, as the power of two; nil where nothing was said of it, which means 15.
    package var serverMaxWindowBits: Int?
    /// The largest window of the client's; likewise.
    package var clientMaxWindowBits: Int?

    package init(
        serverNoContextTakeover: Bool = false, clientNoContextTakeover: Bool = false, serverMaxWindowBits: Int? = nil,
        clientMaxWindowBits: Int? = nil
    ) {
        self.serverNoContextTakeover = serverNoContextTakeover
        self.clientNoContextTakeover = clientNoContextTakeover
        self.serverMaxWindowBits = serverMaxWindowBits
        self.clientMaxWindowBits = clientMaxWindowBits
    }

    /// nil for another extension, and where the answer has a parameter that is unknown, there twice, or without the value that
    /// an answer must have.
    init?(_ element: ExtensionElement) {
        guard let parameters = PerMessageDeflateParameters(element) else { return nil }
        serverNoContextTakeover = parameters.serverNoContextTakeover
        clientNoContextTakeover = parameters.clientNoContextTakeover
        switch parameters.serverMaxWindowBits {
        case .absent: serverMaxWindowBits = nil
        case .withoutValue: return nil
        case .bits(let bits): serverMaxWindowBits = bits
        }
        switch parameters.clientMaxWindowBits {
        case .absent: clientMaxWindowBits = nil
        case .withoutValue: return nil
        case .bits(let bits): clientMaxWindowBits = bits
        }
    }

    /// The gateway's answer to a client, as a server: to the first offer that it can accept. nil where there is none.
    package init?(answering offers: [PerMessageDeflateOffer], terms: PerMessageDeflateTerms) {
        // zlib has no window of 256 bytes for what it deflates: an offer that allows no larger one is declined.
        guard let offer = offers.first(where: { $0.serverMaxWindowBits != 8 }) else { return nil }
        self.init(
            serverNoContextTakeover: !terms.contextTakeover || offer.serverNoContextTakeover,
            clientNoContextTakeover: !terms.contextTakeover || offer.clientNoContextTakeover,
            serverMaxWindowBits: offer.serverMaxWindowBits.map { min($0, terms.windowBits) })
        if let offered = offer.clientMaxWindowBits {
            let bits = min(offered, terms.windowBits)
            clientMaxWindowBits = bits < 15 ? bits : nil
        } else if terms.windowBits < 15 {
            // Its window cannot be lowered, so that it must not be kept: a context costs no more than is configured.
            clientNoContextTakeover = true
        }
    }

    /// Whether a server may answer this offer so. One that was asked not to keep its context and does not say that it will not
    /// is let through: it costs the client memory and breaks nothing.
    package func answers(_ offer: PerMessageDeflateOffer) -> Bool {
        // 7.1.2.1: a server accepts a limit of its window by giving it back, or a lower one.
        if let limit = offer.serverMaxWindowBits, serverMaxWindowBits.map({ $0 > limit }) ?? true { return false }
        // 7.1.2.2: nothing may be said of the client's window where the client has not allowed it.
        if let bits = clientMaxWindowBits { return bits <= offer.clientMaxWindowBits ?? 0 }
        return true
    }

    /// As the value of `Sec-WebSocket-Extensions`.
    package var fieldValue: String {
        var text = PerMessageDeflateParameters.extensionName
        if serverNoContextTakeover { text += "; server_no_context_takeover" }
        if clientNoContextTakeover { text += "; client_no_context_takeover" }
        if let serverMaxWindowBits { text += "; server_max_window_bits=\(serverMaxWindowBits)" }
        if let clientMaxWindowBits { text += "; client_max_window_bits=\(clientMaxWindowBits)" }
        return text
    }
}
