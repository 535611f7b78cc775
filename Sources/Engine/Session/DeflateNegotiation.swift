internal import Compression
internal import PolicyModel
internal import WebSocketProtocol

/// What a handshake comes to about permessage-deflate: what the upstream is offered, and what the client is answered.
struct DeflateNegotiation {
    private let policy: CompressionPolicy
    private let clientOffers: [PerMessageDeflateOffer]

    /// A client that has had its 101 before, `isGreeted`, has been granted nothing and is granted nothing.
    init(_ policy: CompressionPolicy, _ request: UpgradeRequest, isGreeted: Bool) {
        self.policy = policy
        // A list that cannot be read was refused before the chain.
        let isAsked = policy != .strip && !isGreeted
        clientOffers = isAsked ? (try? request.deflateOffers()) ?? [] : []
    }

    /// What the upstream is offered.
    var offers: [PerMessageDeflateOffer] {
        switch policy {
        case .strip: []
        case .passthrough: clientOffers
        case .inspect(let settings): [PerMessageDeflateOffer(terms: settings.terms)]
        }
    }

    /// What the client is answered when the upstream has answered this.
    func answer(after upstream: PerMessageDeflateAgreement?) -> PerMessageDeflateAgreement? {
        switch policy {
        case .strip: nil
        case .passthrough: upstream
        case .inspect(let settings): PerMessageDeflateAgreement(answering: clientOffers, terms: settings.terms)
        }
    }

    /// What the relay has to do.
    func compression(after upstream: PerMessageDeflateAgreement?) -> RelayCompression {
        let client = answer(after: upstream)
        return switch policy {
        case .strip: .none
        case .passthrough: client == nil ? .none : .passes
        case .inspect(let settings): client == nil && upstream == nil ? .none : .ends(client, upstream, settings)
        }
    }
}

/// What a relay makes of compressed messages.
enum RelayCompression {
    /// There are none.
    case none
    /// They pass as they are.
    case passes
    /// They are inflated, and deflated for the other side, by what was agreed on with the client and with the upstream.
    case ends(PerMessageDeflateAgreement?, PerMessageDeflateAgreement?, InflationSettings)

    /// How long a compressed message of that side may be, as it comes; nil where it may send none.
    func compressedBytes(from side: FrameParser.Sender, _ limits: MessageLimits) -> Int? {
        switch self {
        case .none: nil
        case .passes: limits.messageBytes
        case .ends(let client, let upstream, _):
            (side == .client ? client : upstream) == nil ? nil : limits.compressedBytes
        }
    }

    /// What the lane of messages from that side does; nil where it has nothing to do.
    func ofMessages(from side: FrameParser.Sender) -> MessageCompression? {
        guard case .ends(let client, let upstream, let settings) = self else { return nil }
        // The gateway has told the upstream how large a window it uses at most, if the upstream has not said anything else.
        return side == .client
            ? MessageCompression(
                from: client?.fromClient(15), to: upstream?.fromClient(settings.windowBits), settings)
            : MessageCompression(from: upstream?.fromServer, to: client?.fromServer, settings)
    }
}

extension PerMessageDeflateAgreement {
    fileprivate func fromClient(_ unsaid: Int) -> ContextLedger.Leg {
        ContextLedger.Leg(keepsContext: !clientNoContextTakeover, windowBits: clientMaxWindowBits ?? unsaid)
    }

    fileprivate var fromServer: ContextLedger.Leg {
        ContextLedger.Leg(keepsContext: !serverNoContextTakeover, windowBits: serverMaxWindowBits ?? 15)
    }
}

extension InflationSettings {
    fileprivate var terms: PerMessageDeflateTerms {
        PerMessageDeflateTerms(contextTakeover: contextTakeover, windowBits: windowBits)
    }
}
