/// What a client offers of permessage-deflate (RFC 7692 7.1).
package struct PerMessageDeflateOffer: Sendable, Equatable {
    /// The server is to begin every message anew.
    package var serverNoContextTakeover: Bool
    /// The client may begin every message anew; a hint.
    package var clientNoContextTakeover: Bool
    /// The largest window of the server's, 8 to 15, as the power of two; nil where the client leaves it to the server.
    package var serverMaxWindowBits: Int?
    /// The largest window of the client's, 8 to 15, which the server may lower; nil where it may not say anything of it.
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

    /// What the gateway offers an upstream: what it asks a client for it asks of an upstream, too.
    package init(terms: PerMessageDeflateTerms) {
        self.init(
            serverNoContextTakeover: !terms.contextTakeover, clientNoContextTakeover: !terms.contextTakeover,
            serverMaxWindowBits: terms.windowBits < 15 ? terms.windowBits : nil, clientMaxWindowBits: terms.windowBits)
    }

    /// nil where RFC 7692 7.1 has a server decline the offer: a parameter that it does not know, one that is there twice, or a
    /// value that the parameter cannot have.
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
        case .withoutValue: clientMaxWindowBits = 15
        case .bits(let bits): clientMaxWindowBits = bits
        }
    }

    /// As an element of `Sec-WebSocket-Extensions`.
    package var fieldValue: String {
        var text = PerMessageDeflateParameters.extensionName
        if serverNoContextTakeover { text += "; server_no_context_takeover" }
        if clientNoContextTakeover { text += "; client_no_context_takeover" }
        if let serverMaxWindowBits { text += "; server_max_window_bits=\(serverMaxWindowBits)" }
        if let clientMaxWindowBits {
            // A value of 15 says no more than none (7.1.2.2), and there are servers that know only the latter.
            text +=
                clientMaxWindowBits == 15
                ? "; client_max_window_bits" : "; client_max_window_bits=\(clientMaxWindowBits)"
        }
        return text
    }
}

/// What the gateway wants where it ends permessage-deflate itself.
package struct PerMessageDeflateTerms: Sendable, Equatable {
    /// Whether either side of a connection may keep its window from one message to the next.
    package var contextTakeover: Bool
    /// The largest window, 9 to 15, as the power of two. zlib cannot deflate with 8.
    package var windowBits: Int

    package init(contextTakeover: Bool, windowBits: Int) {
        self.contextTakeover = contextTakeover
        self.windowBits = windowBits
    }
}

/// The four parameters as they stand in an offer or in an answer.
struct PerMessageDeflateParameters {
    enum WindowBits: Equatable {
        case absent
        case withoutValue
        /// 8 to 15.
        case bits(Int)
    }

    static let extensionName = "permessage-deflate"

    private(set) var serverNoContextTakeover = false
    private(set) var clientNoContextTakeover = false
    private(set) var serverMaxWindowBits = WindowBits.absent
    private(set) var clientMaxWindowBits = WindowBits.absent

    /// nil for another extension, a parameter that RFC 7692 does not know or that is there twice, and a value that it does not
    /// allow. Whether a window must have a value is for the reader.
    init?(_ element: ExtensionElement) {
        guard element.name == Self.extensionName else { return nil }
        for parameter in element.parameters {
            switch parameter.name {
            case "server_no_context_takeover":
                guard parameter.value == nil, !serverNoContextTakeover else { return nil }
                serverNoContextTakeover = true
            case "client_no_context_takeover":
                guard parameter.value == nil, !clientNoContextTakeover else { return nil }
                clientNoContextTakeover = true
            case "server_max_window_bits":
                guard let bits = Self.windowBits(parameter.value), serverMaxWindowBits == .absent else { return nil }
                serverMaxWindowBits = bits
            case "client_max_window_bits":
                guard let bits = Self.windowBits(parameter.value), clientMaxWindowBits == .absent else { return nil }
                clientMaxWindowBits = bits
            default:
                return nil
            }
        }
    }

    /// RFC 7692 7.1.2: a decimal number from 8 to 15 without leading zeros.
    private static func windowBits(_ value: String?) -> WindowBits? {
        guard let value else { return .withoutValue }
        guard let bits = (8...15).first(where: { String($0) == value }) else { return nil }
        return .bits(bits)
    }
}
