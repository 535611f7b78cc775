package import Middleware
package import PolicyModel
package import Tokens

/// What has become of a made-up handshake. It holds no token, nor a part of one.
package struct RehearsedHandshake {
    package enum Decision: Sendable {
        /// The chain has let it in. What comes of the upstream is no part of a rehearsal.
        case admitted
        case refused(RehearsedRefusal)
        /// It wanted no connection, but a one-time ticket, and has its answer.
        case answered(RehearsedAnswer)
        case undecided(RehearsedWait)
    }

    package internal(set) var decision: Decision
    /// The one that it came to.
    package internal(set) var listener: (name: String, position: SourcePosition)
    /// nil where it did not come so far, or matches none.
    package internal(set) var route: RehearsedRoute?
    /// Whom it is from, behind proxies that the listener trusts.
    package internal(set) var clientAddress: IPAddress
    /// In the order in which they were asked.
    package internal(set) var steps: [RehearsedStep] = []
    /// What steps in shadow mode would have refused.
    package internal(set) var shadowRefusals: [RehearsedShadowRefusal] = []
    /// As far as it is known: a handshake that was refused may have one, too.
    package internal(set) var identity: RehearsedIdentity?
    /// What goes to the upstream; nil where it was not admitted.
    package internal(set) var upstream: RehearsedUpstreamRequest?
    /// Of the policy on the 101: each field that is set, added or removed.
    package internal(set) var responseEdits: [HeaderEdit] = []
    /// The fields of the 101 to an upstream that has sent none of its own and chosen no subprotocol, or of the gateway's own 101
    /// before a first message; empty where there is no 101. The answer of a refusal is in the decision.
    package internal(set) var responseHeaders: [(name: String, value: String)] = []
    /// Whether the client has had its 101 before all was decided, so that it can send a first message.
    package internal(set) var isGreeted = false
    /// Where messages can be sent; nil where it was not admitted. What it holds of limits is given back with it.
    package internal(set) var connection: RehearsedConnection?

    /// The places in the policy that had a say: the listener, the route, and every entry that was asked.
    package var touched: [SourcePosition] {
        [listener.position] + (route.map { [$0.position] } ?? []) + steps.compactMap(\.position)
    }
}

/// A route that a handshake has come to.
package struct RehearsedRoute: Sendable, Hashable {
    package let name: String
    package let position: SourcePosition
    /// The upstream's name.
    package let upstream: String
}

/// One thing that was asked about a handshake.
package struct RehearsedStep: Sendable, Hashable {
    /// Where on the way it stands.
    package enum Stage: String, Sendable, CaseIterable {
        /// Before TLS, by the peer's address alone.
        case admission
        /// The head of the request, as HTTP and RFC 6455 have it.
        case request
        /// Which route it is for.
        case route
        /// The route's middleware.
        case chain
    }

    package enum Decision: Sendable, Hashable {
        case passed
        /// For this reason; of one in shadow mode nothing comes.
        case refused(String)
        case waits(RehearsedWait)
    }

    package let stage: Stage
    /// The entry's in the policy language; `client_certificate`, `request_head`, `handshake`, `route`, `ticket` and `token_uses`
    /// stand in no list of the policy's.
    package let name: String
    package let position: SourcePosition?
    package let isShadow: Bool
    package let decision: Decision
    /// What it looked at and found.
    package let notes: [String]
}

/// What a handshake waits for that nobody has made up.
package enum RehearsedWait: Sendable, Hashable, CustomStringConvertible {
    /// What the authorisation service of this URL says.
    case authorization(url: String)
    /// Keys of another issuer, which were not fetched.
    case issuerKeys
    /// The client's first message, with a token in it.
    case firstMessage

    /// The stable spelling.
    package var name: String {
        switch self {
        case .authorization: "authorization"
        case .issuerKeys: "issuer-keys"
        case .firstMessage: "first-message"
        }
    }

    package var description: String {
        switch self {
        case .authorization(let url): "what the service \(url) says"
        case .issuerKeys: "keys of the token's issuer, which were not fetched"
        case .firstMessage: "the client's first message, with its token"
        }
    }
}

/// Why a handshake is refused, and what the client is told.
package struct RehearsedRefusal: Sendable {
    /// The stable spelling.
    package let reason: String
    /// What is sent; nil where the connection ends without an HTTP answer: before one was asked for, or behind a 101.
    package let answer: RehearsedAnswer?
    /// The code of the close frame, whose text is the reason, where the client has had its 101 by then.
    package let closeCode: UInt16?
}

/// A final answer, as it is sent.
package struct RehearsedAnswer: Sendable {
    package let status: Int
    package let headers: [(name: String, value: String)]
    /// UTF-8.
    package let body: String
}

/// What a middleware in shadow mode would have refused.
package struct RehearsedShadowRefusal: Sendable, Hashable {
    package let middleware: String
    package let position: SourcePosition?
    package let reason: String
}

/// Who a client is.
package struct RehearsedIdentity: Sendable, Hashable {
    package let subject: String
    /// `jti`; empty for another issuer's token without one. nil without a token.
    package let id: String?
    /// The issuer's name in the policy; nil where an authorisation service has named the subject.
    package let issuer: String?
    /// The token's; none without one.
    package let claims: [String: ClaimValue]
}

/// The request toward the upstream, as it is sent.
package struct RehearsedUpstreamRequest: Sendable {
    /// The first endpoint of the upstream's, which is tried in turn with the others.
    package let endpoint: String
    package let target: String
    /// Those that are still offered.
    package let subprotocols: [String]
    /// In their order, with those of the handshake itself. `Sec-WebSocket-Key` is that of RFC 6455's example.
    package let headers: [(name: String, value: String)]
}
