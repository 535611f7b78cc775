/// A WebSocket server behind the gateway.
package struct UpstreamPolicy: Sendable {
    /// One `ws://HOST:PORT[/BASE]`.
    package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
        /// An IP literal (IPv6 without brackets) or a DNS name.
        package var host: String
        package var port: UInt16
        /// Put before the path of the request: empty, or `/base` without a slash at its end.
        package var basePath: String

        package init(host: String, port: UInt16, basePath: String = "") {
            self.host = host
            self.port = port
            self.basePath = basePath
        }

        package var description: String {
            host.contains(":") ? "ws://[\(host)]:\(port)\(basePath)" : "ws://\(host):\(port)\(basePath)"
        }
    }

    package var name: String
    /// Never empty. Tried in turn.
    package var endpoints: [Endpoint]
    /// For all attempts of one connection together; each has an even share of what is left.
    package var connectTimeout: Duration
    package var handshakeTimeout: Duration

    package init(
        name: String, endpoints: [Endpoint], connectTimeout: Duration = .seconds(5),
        handshakeTimeout: Duration = .seconds(10)
    ) {
        self.name = name
        self.endpoints = endpoints
        self.connectTimeout = connectTimeout
        self.handshakeTimeout = handshakeTimeout
    }
}
