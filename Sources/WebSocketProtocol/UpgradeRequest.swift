/// A client's opening handshake that RFC 6455 4.2.1 allows.
package struct UpgradeRequest: Sendable {
    package var target: RequestTarget
    package let host: RequestHost
    /// `Sec-WebSocket-Key`: 16 bytes in canonical base64.
    package let key: String
    /// Offered, in the client's order of preference: tokens, each one once.
    package var subprotocols: [String]
    package let origin: String?
    /// All fields of the request.
    package let headers: HeaderFields

    /// Checks the request as RFC 6455 4.2.1 asks. `upgradeRequired` where nothing asks for an upgrade,
    /// `versionUnsupported` where only the version is wrong, `malformedUpgrade` for all else.
    package init(_ head: RequestHead) throws(HandshakeError) {
        let headers = head.headers
        guard headers.contains("Upgrade") else { throw .upgradeRequired }
        guard head.method == "GET" else { throw .malformedUpgrade("method is not GET") }
        // A second protocol beside websocket would let an upstream choose one that nobody here reads.
        let upgrades = headers.listValues("Upgrade")
        guard upgrades.count == 1, upgrades[0].equalsIgnoringCase("websocket") else {
            throw .malformedUpgrade("Upgrade is not websocket alone")
        }
        guard headers.listValues("Connection").contains(where: { $0.equalsIgnoringCase("upgrade") }) else {
            throw .malformedUpgrade("Connection does not name upgrade")
        }
        let keys = headers.values("Sec-WebSocket-Key")
        guard keys.count == 1, Self.isKey(keys[0]) else {
            throw .malformedUpgrade("Sec-WebSocket-Key is not 16 bytes in base64")
        }
        try Self.refuseBody(headers)
        let versions = headers.values("Sec-WebSocket-Version")
        guard versions.count == 1, versions[0].utf8.elementsEqual("13".utf8) else { throw .versionUnsupported }
        let origins = headers.values("Origin")
        guard origins.count <= 1 else { throw .malformedUpgrade("more than one Origin") }

        target = head.target
        host = head.host
        key = keys[0]
        subprotocols = try Self.subprotocols(headers)
        origin = origins.first
        self.headers = headers
    }

    /// A request that asks for no upgrade, in the form in which a chain reads one. It is never answered with a 101.
    ///
    /// `malformedRequest` for a body that is longer than `maximumBodyBytes`, or whose length is not told.
    package init(withoutUpgrade head: RequestHead, maximumBodyBytes: Int) throws(HandshakeError) {
        let headers = head.headers
        let lengths = headers.values("Content-Length")
        let length = lengths.first.flatMap { $0.utf8.allSatisfy { (48...57).contains($0) } ? Int($0) : nil }
        guard !headers.contains("Transfer-Encoding"), lengths.isEmpty || (lengths.count == 1 && length != nil),
            length ?? 0 <= maximumBodyBytes
        else { throw .malformedRequest("the body is too long, or nobody can tell how long it is") }
        target = head.target
        host = head.host
        key = ""
        subprotocols = []
        origin = headers.first("Origin")
        self.headers = headers
    }

    /// What the client offers of permessage-deflate, in its order of preference. Offers of other extensions are left out, and
    /// so are those that RFC 7692 7.1 has a server decline. `malformedUpgrade` where the fields are no list of extensions.
    package func deflateOffers() throws(HandshakeError) -> [PerMessageDeflateOffer] {
        guard let elements = headers.extensions else {
            throw .malformedUpgrade("Sec-WebSocket-Extensions is not a list of extensions")
        }
        return elements.compactMap { PerMessageDeflateOffer($0) }
    }

    /// A body's bytes would be frames to one reader and a body to the next.
    private static func refuseBody(_ headers: HeaderFields) throws(HandshakeError) {
        guard !headers.contains("Transfer-Encoding") else { throw .malformedUpgrade("upgrade with Transfer-Encoding") }
        let lengths = headers.values("Content-Length")
        guard lengths.isEmpty || (lengths.count == 1 && lengths[0].utf8.elementsEqual("0".utf8)) else {
            throw .malformedUpgrade("upgrade with a body")
        }
    }

    /// 24 characters; the last sextet before the padding carries two bits, so that its other four are zero.
    private static func isKey(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        return bytes.count == 24 && bytes[..<22].allSatisfy(ByteSet.base64.contains)
            && "AQgw".utf8.contains(bytes[21]) && bytes[22...].elementsEqual("==".utf8)
    }

    /// RFC 6455 4.1: tokens, none of them twice.
    private static func subprotocols(_ headers: HeaderFields) throws(HandshakeError) -> [String] {
        guard headers.contains("Sec-WebSocket-Protocol") else { return [] }
        let offers = headers.listValues("Sec-WebSocket-Protocol")
        guard !offers.isEmpty, offers.allSatisfy({ HeaderFields.isValidName($0) }) else {
            throw .malformedUpgrade("Sec-WebSocket-Protocol is not a list of tokens")
        }
        guard Set(offers).count == offers.count else { throw .malformedUpgrade("a subprotocol is offered twice") }
        return offers
    }
}
