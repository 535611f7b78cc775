import PolicyModel
import Tokens
import WebSocketProtocol

/// `token`: a signed token must be carried, and must hold.
struct TokenCheck: HandshakeMiddleware {
    private let settings: TokenSettings
    private let tokens: TokenIssuers
    /// nil where an address may fail as often as it likes.
    private let failures: TokenFailures?

    init(_ settings: TokenSettings, of chain: String, in environment: inout MiddlewareEnvironment) {
        self.settings = settings
        tokens = environment.tokens
        failures = settings.failures.map {
            environment.memory.tokenFailures($0, of: chain, capacity: environment.maximumTrackedAddresses)
        }
    }

    func evaluate(_ context: inout HandshakeContext) -> Verdict {
        let carried = CarriedToken(in: context.request, from: settings.carriers)
        // Whatever comes of it: no carrier that goes into a URL or a subprotocol is seen behind the gateway.
        for carrier in settings.carriers { carrier.strip(from: &context.request) }
        if let lockout = lockout(context) { return .refuse(lockout) }
        switch carried {
        case .none: return .refuse(Refusal(.tokenMissing))
        case .ambiguous: return fail(.tokenAmbiguous, context)
        case .token(let text): return check(text, &context, mayWait: true)
        }
    }

    /// An address that has failed too often is not listened to, whatever it brings.
    private func lockout(_ context: HandshakeContext) -> Refusal? {
        let now = context.time.monotonic
        return failures?.remainingBlock(of: context.clientAddress, now: now).map {
            Refusal(.tokenFailuresExceeded, retryAfterNanoseconds: $0)
        }
    }

    private func check(_ text: String, _ context: inout HandshakeContext, mayWait: Bool) -> Verdict {
        let now = context.time.unixSeconds
        do throws(TokenError) {
            let identity = try tokens.verify(
                text, issuers: settings.issuers, audience: settings.audience, scopes: settings.scopes, now: now)
            if let end = IdentityTerm.tooOld(identity, settings), end <= now { return fail(.tokenTooOld, context) }
            context.identity = identity
            context.identityTerm = IdentityTerm(of: identity, settings)
            return .pass
        } catch {
            let reason = RefusalReason(error)
            switch error {
            case .unknownKey, .keysUnavailable:
                if mayWait, let refresh = tokens.keyRefresh(for: text, issuers: settings.issuers, now: now) {
                    return wait(for: refresh, text, late: Refusal(reason))
                }
                return error == .unknownKey ? fail(reason, context) : .refuse(Refusal(reason))
            // That the store cannot be read is no fault of the client's.
            case .storeUnavailable: return .refuse(Refusal(reason))
            default: return fail(reason, context)
            }
        }
    }

    /// The issuer may have a new key: the token is judged again once its keys have been looked at, by whatever is there then.
    private func wait(for refresh: KeyRefresh, _ text: String, late: Refusal) -> Verdict {
        .wait(
            .errand(
                Errand(patience: refresh.patience + .seconds(1), late: late) { answered in
                    refresh.whenDone { answered { context in check(text, &context, mayWait: false) } }
                }))
    }

    private func fail(_ reason: RefusalReason, _ context: HandshakeContext) -> Verdict {
        failures?.count(context.clientAddress, now: context.time.monotonic)
        return .refuse(Refusal(reason))
    }
}

extension RefusalReason {
    /// One to one.
    init(_ error: TokenError) {
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
        case .claimMismatch: self = .tokenClaimMismatch
        case .keysUnavailable: self = .tokenKeysUnavailable
        }
    }
}
