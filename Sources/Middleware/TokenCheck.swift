package import PolicyModel
package import Tokens
import WebSocketProtocol

/// `token`: a signed token must be carried, and must hold.
struct TokenCheck: HandshakeMiddleware {
    let settings: TokenSettings
    /// The carriers of a token that is to become a ticket.
    private let ticketCarriers: [TokenSettings.Carrier]
    let tokens: TokenIssuers
    /// nil where an address may fail as often as it likes.
    private let failures: TokenFailures?
    private let tickets: TicketOffice

    init(_ settings: TokenSettings, of chain: String, in environment: inout MiddlewareEnvironment) {
        self.settings = settings
        ticketCarriers = settings.carriers.filter(\.canAskForTickets)
        tokens = environment.tokens
        tickets = environment.memory.tickets
        failures = settings.failures.map {
            environment.memory.tokenFailures($0, of: chain, capacity: environment.maximumTrackedAddresses)
        }
    }

    /// Whether, and how, a live connection may bring a fresh token.
    var renewal: TokenRenewal? {
        settings.renewalPointer.map { TokenRenewal(self, at: $0) }
    }

    func judges(_ purpose: HandshakePurpose) -> Bool { purpose != .preflight }

    func evaluate(_ context: inout HandshakeContext) -> Verdict {
        if let live = context.live { return recheck(live, &context) }
        let carriers = context.purpose == .connection ? settings.carriers : ticketCarriers
        var carried = CarriedToken(in: context.request, from: carriers)
        let ticket = CarriedToken(ticketIn: context.request, settings.ticketParameter)
        noteCarriers(carriers, &context)
        strip(&context.request)
        if let lockout = lockout(&context) { return .refuse(lockout) }
        if context.purpose == .connection, let reason = redeem(ticket, for: &carried, context) {
            return fail(reason, context)
        }
        switch carried {
        case .none: return missing(in: context.purpose)
        case .ambiguous: return fail(.tokenAmbiguous, context)
        case .token(let text): return check(text, &context, mayWait: true)
        }
    }

    /// Nothing is carried; it may still come as the first message.
    private func missing(in purpose: HandshakePurpose) -> Verdict {
        guard let firstMessage = settings.firstMessage, purpose == .connection else {
            return .refuse(Refusal(.tokenMissing))
        }
        let demand = FirstMessageDemand(
            maximumBytes: FirstMessageSettings.maximumBytes, timeout: firstMessage.timeout,
            late: Refusal(.tokenMissing), unfit: Refusal(.tokenMalformed)
        ) { message in
            { context in self.check(message: message, firstMessage.pointer, &context) }
        }
        return .wait(.firstMessage(demand))
    }

    private func check(message: [UInt8], _ pointer: JSONPointer, _ context: inout HandshakeContext) -> Verdict {
        if let lockout = lockout(&context) { return .refuse(lockout) }
        guard let json = JSON.decode(message) else {
            context.note("the first message is not JSON")
            return fail(.tokenMalformed, context)
        }
        guard case .string(let text)? = json.value(at: pointer.tokens) else {
            context.note("the first message has no text at \(pointer)")
            return .refuse(Refusal(.tokenMissing))
        }
        return check(text, &context, mayWait: true)
    }

    /// Whatever comes of it: no carrier that goes into a URL or a subprotocol is seen behind the gateway.
    private func strip(_ request: inout UpgradeRequest) {
        for carrier in settings.carriers { carrier.strip(from: &request) }
        if let name = settings.ticketParameter { TokenSettings.Carrier.query(name).strip(from: &request) }
    }

    /// Puts the token that a ticket stands for beside what is carried openly. Why not, where it stands for none.
    private func redeem(
        _ ticket: CarriedToken, for carried: inout CarriedToken, _ context: HandshakeContext
    ) -> RefusalReason? {
        switch ticket {
        case .none: return nil
        case .ambiguous: return .tokenAmbiguous
        case .token(let text):
            switch tickets.redeem(text, now: context.time.monotonic, keepsIt: context.isTrial) {
            case .token(let token):
                carried.add(token[...])
                return nil
            case .used: return .ticketUsed
            case .expired: return .ticketExpired
            case .unknown: return .ticketUnknown
            }
        }
    }

    /// An address that has failed too often is not listened to, whatever it brings.
    private func lockout(_ context: inout HandshakeContext) -> Refusal? {
        let (address, now) = (context.clientAddress, context.time.monotonic)
        guard let rest = failures?.remainingBlock(of: address, now: now) else { return nil }
        let refusal = Refusal(.tokenFailuresExceeded, retryAfterNanoseconds: rest)
        context.note("\(address) is locked out for \(refusal.retryAfterSeconds ?? 1) s more")
        return refusal
    }

    private func check(_ text: String, _ context: inout HandshakeContext, mayWait: Bool) -> Verdict {
        let now = context.time.unixSeconds
        noteToken(text, &context)
        do throws(RefusalReason) {
            let (identity, term) = try verify(text, from: context.clientAddress, now: now)
            context.identity = identity
            context.identityTerm = term
            if context.purpose != .connection { context.ticketToken = text }
            return .pass
        } catch {
            switch error {
            case .tokenUnknownKey, .tokenKeysUnavailable:
                if mayWait, let refresh = tokens.keyRefresh(for: text, issuers: settings.issuers, now: now) {
                    return wait(for: refresh, text, late: Refusal(error))
                }
                return error == .tokenUnknownKey ? fail(error, context) : .refuse(Refusal(error))
            // That the store cannot be read is no fault of the client's.
            case .tokenStoreUnavailable: return .refuse(Refusal(error))
            default:
                noteRefusal(error, of: text, &context)
                return fail(error, context)
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

    /// A token that holds for a client of that address, and until when it holds a connection.
    func verify(
        _ text: String, from address: IPAddress, now: Int64
    ) throws(RefusalReason) -> (VerifiedToken, IdentityTerm) {
        let identity: VerifiedToken
        do throws(TokenError) {
            identity = try tokens.verify(
                text, issuers: settings.issuers, audience: settings.audience, scopes: settings.scopes, now: now)
        } catch {
            throw RefusalReason(error)
        }
        try checkUse(of: identity, from: address, now: now)
        return (identity, IdentityTerm(of: identity, settings))
    }

    /// Whether it is young enough, and of this address.
    private func checkUse(of identity: VerifiedToken, from address: IPAddress, now: Int64) throws(RefusalReason) {
        if let end = IdentityTerm.tooOld(identity, settings), end <= now { throw .tokenTooOld }
        let networks = identity.claims.fromAddresses
        if !networks.isEmpty, !networks.contains(where: { Self.network($0, contains: address) }) {
            throw .tokenAddressMismatch
        }
    }

    /// Whether the token that has let a live connection in would do so again, and until when it holds it from now on. One
    /// within its `expiry_grace` does.
    private func recheck(_ live: LiveConnection, _ context: inout HandshakeContext) -> Verdict {
        guard let held = live.identity else { return .refuse(Refusal(.tokenMissing)) }
        let now = context.time.unixSeconds
        do throws(RefusalReason) {
            let identity: VerifiedToken
            do throws(TokenError) {
                identity = try tokens.standing(
                    of: held, issuers: settings.issuers, audience: settings.audience, scopes: settings.scopes, now: now)
            } catch {
                throw RefusalReason(error)
            }
            try checkUse(of: identity, from: context.clientAddress, now: now)
            let term = IdentityTerm(of: identity, settings)
            guard now < term.end else { throw .tokenExpired }
            context.identity = identity
            context.identityTerm = term
            return .pass
        } catch {
            return .refuse(Refusal(error))
        }
    }

    /// A text that is no network has nobody in it.
    private static func network(_ text: String, contains address: IPAddress) -> Bool {
        (try? CIDR(text)).map { CIDRSet([$0]).contains(address) } ?? false
    }

    /// Whether the token was refused for a key that is being looked for: there may be another answer soon.
    func isLooking(for text: String, _ reason: RefusalReason, now: Int64) -> Bool {
        switch reason {
        case .tokenUnknownKey, .tokenKeysUnavailable:
            tokens.keyRefresh(for: text, issuers: settings.issuers, now: now) != nil
        default: false
        }
    }

    private func fail(_ reason: RefusalReason, _ context: HandshakeContext) -> Verdict {
        if Self.isFailure(reason, of: context.purpose) {
            failures?.count(context.clientAddress, now: context.time.monotonic)
        }
        return .refuse(Refusal(reason))
    }
}

extension TokenCheck {
    /// A ticket is asked for without a route: that a token is for another one is no failure.
    private static func isFailure(_ reason: RefusalReason, of purpose: HandshakePurpose) -> Bool {
        switch reason {
        case .tokenIssuerUnknown, .tokenUnknownKey, .tokenAudienceMismatch, .tokenScopeMissing, .tokenTooOld:
            purpose == .connection
        default: true
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
        case .claimMismatch: self = .tokenClaimMismatch
        case .keysUnavailable: self = .tokenKeysUnavailable
        }
    }
}
