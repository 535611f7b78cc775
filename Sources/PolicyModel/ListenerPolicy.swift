/// A TLS-terminating front door.
package struct ListenerPolicy: Sendable {
    package var name: String
    package var address: SocketAddress
    package var tls: TLSPolicy
    /// Peers whose `X-Forwarded-For` is believed, walked right to left.
    package var trustedProxies: CIDRSet
    /// Peers that begin each connection with a PROXY header, which says whom it is from.
    package var proxyProtocol: CIDRSet
    /// Run before any TLS work, on the peer's address alone, or on the one that a PROXY header names. Only `ipFilter`, `connectionRate` and `connectionLimit`.
    package var admission: [MiddlewareEntry]
    /// What `admission` says.
    package var admissionForm = PolicyForm.none
    package var limits: ListenerLimits
    package var position: SourcePosition

    package init(
        name: String, address: SocketAddress, tls: TLSPolicy, trustedProxies: CIDRSet = CIDRSet([]),
        proxyProtocol: CIDRSet = CIDRSet([]), admission: [MiddlewareEntry] = [],
        limits: ListenerLimits = ListenerLimits(), position: SourcePosition
    ) {
        self.name = name
        self.address = address
        self.tls = tls
        self.trustedProxies = trustedProxies
        self.proxyProtocol = proxyProtocol
        self.admission = admission
        self.limits = limits
        self.position = position
    }
}

/// An address to bind or to dial: an IP literal and a port.
package struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    package var ip: IPAddress
    /// 0 asks the system for a free port.
    package var port: UInt16

    package init(ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    /// Reads `1.2.3.4:80` or `[::1]:80`; nil where it is neither.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        // `UInt16` alone would read `+80`.
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let port = UInt16(digits) else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else if host.contains(":") {
            return nil
        }
        guard let ip = IPAddress(host) else { return nil }
        self.init(ip: ip, port: port)
    }

    package var description: String {
        if case .v6 = ip { return "[\(ip)]:\(port)" }
        return "\(ip):\(port)"
    }
}

/// What the TLS side of a listener serves.
package struct TLSPolicy: Sendable {
    package enum Version: String, Sendable, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    /// A certificate file (PEM, chain, leaf first) and its key. The first one answers clients without SNI.
    package struct CertificateFiles: Sendable {
        package var certificate: String
        package var privateKey: String
        package var position: SourcePosition

        package init(certificate: String, privateKey: String, position: SourcePosition) {
            self.certificate = certificate
            self.privateKey = privateKey
            self.position = position
        }
    }

    /// What clients are asked for: mutual TLS.
    package struct ClientCertificates: Sendable {
        package enum Mode: String, Sendable, CaseIterable {
            /// None is fine; one that is shown must be valid.
            case request
            /// Without a valid one there is no connection.
            case require
        }

        /// The file (PEM) of those who are trusted to sign them.
        package var authority: String
        package var mode: Mode

        package init(authority: String, mode: Mode) {
            self.authority = authority
            self.mode = mode
        }
    }

    package var certificates: [CertificateFiles]
    package var minimumVersion: Version
    /// nil where clients are not asked.
    package var clientCertificates: ClientCertificates?

    package init(
        certificates: [CertificateFiles], minimumVersion: Version = .tls12,
        clientCertificates: ClientCertificates? = nil
    ) {
        self.certificates = certificates
        self.minimumVersion = minimumVersion
        self.clientCertificates = clientCertificates
    }
}

/// Bounds of one listener.
package struct ListenerLimits: Sendable {
    /// Connections alive at once; one more is closed before TLS.
    package var connections = 10_000
    /// Bytes of a request head.
    package var headerBytes = 16 * 1024
    /// TLS handshake and request head together, absolute.
    package var handshakeTimeout = Duration.seconds(10)
    /// Over how long a drain spreads its 1012 closes, and when it ends the rest.
    package var drainWindow = Duration.seconds(30)

    package init() {}
}
