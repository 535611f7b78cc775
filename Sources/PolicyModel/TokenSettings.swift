/// `token`: a signed token must be carried and must hold.
package struct TokenSettings: Sendable {
    package enum Carrier: Sendable, Hashable {
        /// A header's value behind `scheme` and spaces, where there is a scheme, else the whole of it.
        case header(String, scheme: String?)
        /// An offered subprotocol with this prefix, such as `bearer.`; neither echoed nor forwarded.
        case subprotocol(prefix: String)
        case cookie(String)
        /// A query parameter; taken out of what goes upstream and out of every log.
        case query(String)

        /// `Authorization: Bearer …` (RFC 6750 section 2.1).
        package static let authorization = Carrier.header("Authorization", scheme: "Bearer")
    }

    /// Names of ``TokenIssuerPolicy``; never empty.
    package var issuers: [String]
    /// All of them are looked at; where two carry different tokens, none of these is believed.
    package var carriers: [Carrier]
    /// nil: any audience.
    package var audience: String?
    /// All of them are needed.
    package var scopes: [String]
    /// For how long after its expiry a token still holds a connection that it has opened; it opens none.
    package var expiryGrace = Duration.zero
    /// How long after its issue (`iat`) a token is good, whatever its expiry says; nil: until its expiry.
    package var maximumAge: Duration?
    /// nil: an address may fail as often as it likes.
    package var failures: FailureSettings?

    package init(
        issuers: [String], carriers: [Carrier] = [.authorization], audience: String? = nil, scopes: [String] = []
    ) {
        self.issuers = issuers
        self.carriers = carriers
        self.audience = audience
        self.scopes = scopes
    }
}

/// `failures`: how many tokens that do not hold an address may show before it is locked out.
package struct FailureSettings: Sendable, Hashable {
    package var rate: Rate
    /// For how long it is locked out once it has failed more often than that.
    package var block: Duration
    /// IPv6 clients that share this many leading bits fail together.
    package var ipv6Prefix: Int

    package init(rate: Rate, block: Duration, ipv6Prefix: Int = 64) {
        self.rate = rate
        self.block = block
        self.ipv6Prefix = ipv6Prefix
    }
}
