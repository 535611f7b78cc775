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

        /// Whether a token that is to become a ticket may stand there: tickets exist so that none need stand in a URL.
        package var canAskForTickets: Bool {
            switch self {
            case .header, .cookie: true
            case .subprotocol, .query: false
            }
        }

        /// The name of the header that it stands in; nil where it stands elsewhere.
        package var headerName: String? {
            if case .header(let name, scheme: _) = self { name } else { nil }
        }

        /// `Authorization: Bearer …` (RFC 6750 section 2.1).
        package static let authorization = Carrier.header("Authorization", scheme: "Bearer")
    }

    /// Names of ``TokenIssuerPolicy``; never empty.
    package var issuers: [String]
    /// All of them are looked at; where two carry different tokens, none of these is believed.
    package var carriers: [Carrier]
    /// The query parameter that a one-time ticket stands in, in place of the token; nil: no tickets.
    package var ticketParameter: String?
    /// Where a client that carries nothing may send its token first of all, as a message; nil: nowhere.
    package var firstMessage: FirstMessageSettings?
    /// nil: any audience.
    package var audience: String?
    /// All of them are needed.
    package var scopes: [String]
    /// For how long after its expiry a token still holds a connection that it has opened; it opens none.
    package var expiryGrace = Duration.zero
    /// How long after its issue (`iat`) a token is good, whatever its expiry says; nil: until its expiry.
    package var maximumAge: Duration?
    /// Where a message of a live connection may bring a fresh token; nil: nowhere.
    package var renewalPointer: JSONPointer?
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

/// `first_message`: the gateway opens the connection itself and reads the token out of the first message, as JSON.
package struct FirstMessageSettings: Sendable {
    /// The longest such message, in bytes.
    package static let maximumBytes = 8192

    /// From the 101 to the end of the message.
    package var timeout = Duration.seconds(10)
    /// Where the token stands in it.
    package var pointer: JSONPointer

    package init(pointer: JSONPointer) {
        self.pointer = pointer
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
