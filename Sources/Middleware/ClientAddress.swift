package import PolicyModel
package import WebSocketProtocol

/// Whom a connection is really from.
package enum ClientAddress {
    /// The peer, unless it is a trusted proxy: then `X-Forwarded-For` is walked right to left, over trusted proxies, to the
    /// first address that is none; the leftmost one where all are. A hop that is not an address means the peer itself,
    /// since what stands to its left was written by nobody known.
    package static func resolve(peer: IPAddress, headers: HeaderFields, trusted: CIDRSet) -> IPAddress {
        guard trusted.contains(peer) else { return peer }
        var client = peer
        for field in headers.values("X-Forwarded-For").reversed() {
            for hop in field.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).reversed() {
                guard let address = address(hop) else { return peer }
                client = address
                guard trusted.contains(address) else { return client }
            }
        }
        return client
    }

    /// An address, or one with a port, as some proxies write it.
    private static func address(_ hop: Substring.UTF8View) -> IPAddress? {
        // Nothing else stands in an address, and by characters it is read faster where there is nothing else.
        guard hop.allSatisfy({ $0 < 0x80 }) else { return nil }
        let text = Substring(hop.trimmingFieldWhitespace())
        return IPAddress(text) ?? SocketAddress(String(text))?.ip
    }
}
