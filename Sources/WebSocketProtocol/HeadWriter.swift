/// Writes the gateway's own opening handshake toward an upstream.
package enum UpgradeRequestWriter {
    /// A `GET` that RFC 6455 4.1 allows. nil where a part could break out of its place: a target that is not visible ASCII
    /// beginning with a slash, a name that is not a token, a value with CR, LF, NUL or another control. Fields of `headers`
    /// that the handshake itself sets are left out.
    package static func serializedUpgrade(
        target: String, host: String, key: String, subprotocols: [String], offers: [PerMessageDeflateOffer] = [],
        headers: HeaderFields
    ) -> [UInt8]? {
        guard target.utf8.first == UInt8(ascii: "/"), target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
            RequestHost(host) != nil, subprotocols.allSatisfy({ HeaderFields.isValidName($0) })
        else { return nil }
        var writer = HeadWriter(startLine: "GET \(target) HTTP/1.1")
        writer.write("Host", host)
        writer.write("Upgrade", "websocket")
        writer.write("Connection", "Upgrade")
        writer.write("Sec-WebSocket-Key", key)
        writer.write("Sec-WebSocket-Version", "13")
        if !subprotocols.isEmpty { writer.write("Sec-WebSocket-Protocol", subprotocols.joined(separator: ", ")) }
        if !offers.isEmpty {
            writer.write("Sec-WebSocket-Extensions", offers.map(\.fieldValue).joined(separator: ", "))
        }
        writer.write(headers)
        return writer.finish()
    }
}

/// Writes the gateway's answers to a client. nil as ``UpgradeRequestWriter`` says.
package enum ResponseWriter {
    /// The 101 of RFC 6455 4.2.2.
    package static func serializedSwitchingProtocols(
        accept: String, subprotocol: String?, deflate: PerMessageDeflateAgreement? = nil, headers: HeaderFields
    ) -> [UInt8]? {
        guard subprotocol.map({ HeaderFields.isValidName($0) }) ?? true else { return nil }
        var writer = HeadWriter(startLine: "HTTP/1.1 101 \(reasonPhrase(101))")
        writer.write("Upgrade", "websocket")
        writer.write("Connection", "Upgrade")
        writer.write("Sec-WebSocket-Accept", accept)
        if let subprotocol { writer.write("Sec-WebSocket-Protocol", subprotocol) }
        if let deflate { writer.write("Sec-WebSocket-Extensions", deflate.fieldValue) }
        writer.write(headers)
        return writer.finish()
    }

    /// A final answer, after which the connection closes. `status` is from 200 to 599.
    package static func serializedResponse(status: Int, headers: HeaderFields, body: [UInt8]) -> [UInt8]? {
        guard (200...599).contains(status) else { return nil }
        var writer = HeadWriter(startLine: "HTTP/1.1 \(status) \(reasonPhrase(status))")
        // RFC 6455 4.4 and RFC 9110 15.5.22: a 426 names the protocol and its version.
        for name in ["Upgrade", "Sec-WebSocket-Version"] {
            for value in headers.values(name) { writer.write(name, value) }
        }
        writer.write(headers)
        // RFC 9110 section 8.6.
        if status != 204 { writer.write("Content-Length", String(body.count)) }
        writer.write("Connection", "close")
        return writer.finish().map { $0 + body }
    }

    /// RFC 9110 15; empty for a status that the gateway never sends.
    private static func reasonPhrase(_ status: Int) -> String {
        switch status {
        case 101: "Switching Protocols"
        case 200: "OK"
        case 202: "Accepted"
        case 204: "No Content"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 411: "Length Required"
        case 413: "Content Too Large"
        case 422: "Unprocessable Content"
        case 426: "Upgrade Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: ""
        }
    }
}

/// Collects a head line by line and gives it up only if every line was sound.
private struct HeadWriter {
    private var bytes: [UInt8]
    private var isSound = true

    init(startLine: String) {
        bytes = []
        // Most heads fit.
        bytes.reserveCapacity(1024)
        bytes.append(contentsOf: startLine.utf8)
        bytes.append(contentsOf: "\r\n".utf8)
    }

    mutating func write(_ name: String, _ value: String) {
        write(name: name.utf8, value: value.utf8)
    }

    /// Fields that frame the message or negotiate the upgrade are the gateway's own; a second one would contradict it,
    /// in whatever spelling a server could take for one.
    mutating func write(_ headers: HeaderFields) {
        var others = headers
        for name in Self.own { others.removeEquivalent(name) }
        others.removeEquivalent(prefix: "Sec-WebSocket-")
        for field in others.slices { write(name: field.name, value: field.value) }
    }

    private mutating func write(name: some Collection<UInt8>, value: some Collection<UInt8>) {
        guard HeaderFields.isValidName(name), HeaderFields.isValidValue(value) else {
            isSound = false
            return
        }
        bytes.append(contentsOf: name)
        bytes.append(contentsOf: ": ".utf8)
        bytes.append(contentsOf: value)
        bytes.append(contentsOf: "\r\n".utf8)
    }

    consuming func finish() -> [UInt8]? {
        guard isSound else { return nil }
        bytes.append(contentsOf: "\r\n".utf8)
        return bytes
    }

    private static let own = ["Host", "Upgrade", "Connection", "Content-Length", "Transfer-Encoding"]
}
