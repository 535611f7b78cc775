package import PolicyModel
package import Tokens
import WebSocketProtocol

/// `token`: a signed token must be carried, and must hold.
struct TokenCheck: HandshakeMiddleware {
    private let settings: TokenSettings
    private let tokens: TokenAuthority

    init(_ settings: TokenSettings, in environment: MiddlewareEnvironment) {
        self.settings = settings
        tokens = environment.tokens
    }

    func evaluate(_ context: inout HandshakeContext) -> Verdict {
        let found = CarriedToken(in: context.request, from: settings.carriers)
        // Whatever comes of it: no carrier that goes into a URL or a subprotocol is seen behind the gateway.
        for carrier in settings.carriers { carrier.strip(from: &context.request) }
        switch found {
        case .none: return .refuse(Refusal(.tokenMissing))
        case .ambiguous: return .refuse(Refusal(.tokenMalformed))
        case .token(let text):
            do throws(TokenError) {
                context.identity = try tokens.verify(
                    text, issuers: settings.issuers, audience: settings.audience, scopes: settings.scopes,
                    now: context.time.unixSeconds)
                return .pass
            } catch {
                return .refuse(Refusal(RefusalReason(error)))
            }
        }
    }
}

extension RefusalReason {
    /// One to one.
    package init(_ error: TokenError) {
        switch error {
        case .missing: self = .tokenMissing
        case .malformed: self = .tokenMalformed
        case .signatureInvalid: self = .tokenSignatureInvalid
        case .unknownKey: self = .tokenUnknownKey
        case .issuerUnknown: self = .tokenIssuerUnknown
        case .expired: self = .tokenExpired
        case .notYetValid: self = .tokenNotYetValid
        case .revoked: self = .tokenRevoked
        case .audienceMismatch: self = .tokenAudienceMismatch
        case .scopeMissing: self = .tokenScopeMissing
        case .storeUnavailable: self = .tokenStoreUnavailable
        }
    }
}
