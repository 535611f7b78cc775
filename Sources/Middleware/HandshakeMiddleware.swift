import PolicyModel
package import Tokens

/// One check, or one edit, of a handshake. It says what it thinks and never writes an answer.
package protocol HandshakeMiddleware: Sendable {
    /// Called once for each handshake, on any worker, and must not block it: who has to wait says so by its verdict.
    func evaluate(_ context: inout HandshakeContext) -> Verdict
    /// Whether it has to be asked about such requests, too. By default about connections alone.
    func judges(_ purpose: HandshakePurpose) -> Bool
    /// Names of fields that it sets toward the upstream: what the client sent under them, in any spelling, never arrives.
    var upstreamHeaders: [String] { get }
}

extension HandshakeMiddleware {
    package var upstreamHeaders: [String] { [] }

    package func judges(_ purpose: HandshakePurpose) -> Bool { purpose == .connection }
}

/// What the built-ins need beside their settings.
package struct MiddlewareEnvironment: Sendable {
    package let tokens: TokenIssuers
    /// Client addresses that one rate table remembers at most.
    package let maximumTrackedAddresses: Int
    /// Without one no token is admitted whose uses are limited.
    package let uses: (any UseCounter)?
    /// Signs what the gateway says of clients.
    package let signer: CurrentSigner
    /// Who carries questions to authorisation services; without one `authorize` admits nobody.
    package var authorization: (any AuthorizationService)?
    /// Middlewares take their part of it when they are made.
    package var memory = MiddlewareMemory()
    /// What there is beside the built-ins.
    package var extensions = ExtensionFactories()

    package init(
        tokens: TokenIssuers, uses: (any UseCounter)? = nil, signer: CurrentSigner = CurrentSigner(),
        maximumTrackedAddresses: Int = 65_536
    ) {
        self.uses = uses
        self.signer = signer
        self.tokens = tokens
        self.maximumTrackedAddresses = maximumTrackedAddresses
    }

    /// With the builtin issuer alone.
    package init(tokens authority: TokenAuthority, maximumTrackedAddresses: Int = 65_536) {
        self.init(tokens: TokenIssuers(authority), maximumTrackedAddresses: maximumTrackedAddresses)
    }
}

extension MiddlewareSettings {
    /// The built-ins, one line each, and one for all others. `chain` names the chain that it is made for, in every version of the policy.
    func middleware(of chain: String, in environment: inout MiddlewareEnvironment) -> any HandshakeMiddleware {
        switch self {
        case .ipFilter(let settings): IPFilter(settings)
        case .connectionRate(let settings): ConnectionRate(settings, of: chain, in: &environment)
        case .connectionLimit(let settings): ConnectionLimit(settings, of: chain, in: &environment)
        case .origin(let settings): OriginCheck(settings)
        case .token(let settings): TokenCheck(settings, of: chain, in: &environment)
        case .authorize(let settings): AuthorizationCheck(settings, service: environment.authorization)
        case .headers(let settings): HeaderEdits(settings)
        case .identityAssertion(let settings): IdentityAssertion(settings, in: environment)
        case .custom(let settings): environment.extensions.middleware(settings)
        }
    }
}

/// A middleware that needs the client's address and the time alone, so that a listener can ask it before TLS.
protocol AddressCheck: HandshakeMiddleware {
    /// nil admits; what is to be held for as long as the connection lives is added to the question's `leases`.
    func refusal(_ question: inout AddressQuestion) -> Refusal?
    /// nil lets a live connection stay, which holds `held`; what it is to hold from now on is added to the question's `leases`. In
    /// a trial nothing comes of a refusal.
    func refusal(
        ofLive question: inout AddressQuestion, holding held: [ConnectionLease], isTrial: Bool
    ) -> Refusal?
}

extension AddressCheck {
    package func evaluate(_ context: inout HandshakeContext) -> Verdict {
        var question = AddressQuestion(context.clientAddress, monotonic: context.time.monotonic)
        // Lent, not copied.
        swap(&question.leases, &context.leases)
        swap(&question.trace, &context.trace)
        let refusal =
            if let live = context.live {
                refusal(ofLive: &question, holding: live.leases, isTrial: context.isTrial)
            } else {
                refusal(&question)
            }
        swap(&question.leases, &context.leases)
        swap(&question.trace, &context.trace)
        return if let refusal { .refuse(refusal) } else { .pass }
    }
}
