internal import PolicyModel
internal import Tokens
internal import WebSocketProtocol

/// What a made-up handshake sends: its request head, and perhaps a first message.
struct MadeUpHead {
    private let method: String
    private let host: String
    private var target: String
    private var subprotocols: [String]
    private var headers: [(name: String, value: String)]
    private(set) var firstMessage: String?

    init(_ made: MadeUpHandshake) {
        method = made.method
        host = made.host
        target = made.target
        subprotocols = made.subprotocols
        headers = made.headers
        firstMessage = made.firstMessage
    }

    /// Puts a token where those settings first take one from; without settings, where RFC 6750 has it.
    mutating func carry(_ token: String, _ settings: TokenSettings?) {
        if let settings, settings.carriers.isEmpty, let first = settings.firstMessage {
            let message = ClaimValue.null.setting(.string(token), at: first.pointer.tokens[...])
            firstMessage = firstMessage ?? String(decoding: JSON.encode(message), as: UTF8.self)
            return
        }
        switch settings?.carriers.first ?? .authorization {
        case .header(let name, let scheme): headers.append((name, scheme.map { "\($0) \(token)" } ?? token))
        case .subprotocol(let prefix): subprotocols.append(prefix + token)
        case .cookie(let name): addCookie("\(name)=\(token)")
        case .query(let name):
            target += (target.contains("?") ? "&" : "?") + "\(name.percentEncoded)=\(token.percentEncoded)"
        }
    }

    /// A browser sends all of its cookies in one field.
    private mutating func addCookie(_ pair: String) {
        if let index = headers.firstIndex(where: { $0.name.lowercased() == "cookie" }) {
            headers[index].value += "; \(pair)"
        } else {
            headers.append(("Cookie", pair))
        }
    }

    /// The nonce of RFC 6455's example, section 1.3: the same for every handshake, so that answers can be compared.
    static let key = "dGhlIHNhbXBsZSBub25jZQ=="

    /// As it goes over the wire.
    var serialized: [UInt8] {
        var own = [
            ("Host", host), ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", Self.key),
            ("Sec-WebSocket-Version", "13"),
        ]
        if !subprotocols.isEmpty { own.append(("Sec-WebSocket-Protocol", subprotocols.joined(separator: ", "))) }
        let given = Set(headers.map { $0.name.lowercased() })
        let names = Set(own.map { $0.0.lowercased() })
        var text = "\(method) \(target) HTTP/1.1\r\n"
        for (name, value) in own where !given.contains(name.lowercased()) { text += "\(name): \(value)\r\n" }
        for (name, value) in headers where !value.isEmpty || !names.contains(name.lowercased()) {
            text += "\(name): \(value)\r\n"
        }
        return Array((text + "\r\n").utf8)
    }
}
