/// Fields that concern one connection and not the next (RFC 9110 7.6.1).
package enum HopByHop {
    /// Removes them: the known ones, those that `Connection` names, and all of `Sec-WebSocket-*`, which every hop makes
    /// anew. Other spellings that the next hop could take for them go as well. It is to run before a policy sets fields,
    /// so that a peer cannot name one of those.
    package static func removeHopByHop(from headers: inout HeaderFields) {
        for name in headers.listValues("Connection") + known {
            headers.removeEquivalent(name)
        }
        headers.removeEquivalent(prefix: "Sec-WebSocket-")
    }

    private static let known = [
        "Connection", "Proxy-Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
        "HTTP2-Settings", "Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization",
    ]
}
