package import PolicyModel
package import WebSocketProtocol

extension RefusalReason {
    /// The status that answers it: the single function from reason to status.
    package var status: Int {
        switch self {
        case .malformedRequest, .malformedUpgrade, .malformedProxyHeader, .tokenAmbiguous: 400
        case .tokenMissing, .tokenMalformed, .tokenSignatureInvalid, .tokenUnknownKey, .tokenIssuerUnknown,
            .tokenExpired, .tokenNotYetValid, .tokenRevoked, .tokenAudienceMismatch, .tokenTooOld,
            .tokenSubjectMismatch, .tokenAddressMismatch, .tokenExhausted,
            .ticketUsed, .ticketExpired, .ticketUnknown, .authorizationRequired:
            401
        case .ipDenied, .ipNotAllowed, .originMissing, .originDenied, .tokenScopeMissing, .tokenClaimMismatch,
            .clientCertificateMissing,
            .clientCertificateInvalid, .authorizationDenied:
            403
        case .routeNotFound: 404
        case .requestTimeout: 408
        case .upgradeRequired, .versionUnsupported: 426
        case .connectionRateExceeded, .connectionLimitExceeded, .tokenFailuresExceeded, .ticketLimitExceeded: 429
        case .headersTooLarge: 431
        case .upstreamUnreachable, .upstreamRefused, .upstreamInvalidResponse: 502
        case .capacityExceeded, .draining, .tokenStoreUnavailable, .tokenKeysUnavailable, .authorizationUnavailable,
            .middlewareUnavailable:
            503
        case .upstreamTimeout: 504
        }
    }

    /// The code of the close frame that takes the status's place where the client has had its 101: the single function from
    /// reason to close code.
    package var closeCode: CloseCode {
        switch self {
        case .draining: .serviceRestart
        case .upstreamUnreachable, .upstreamRefused, .upstreamInvalidResponse, .upstreamTimeout: .internalError
        default: CloseCode(insteadOf: status)
        }
    }

    /// One sentence for people, without anything of the peer's, in plain ASCII.
    var message: String {
        switch self {
        case .malformedRequest: "The request is not valid HTTP/1.1."
        case .malformedUpgrade: "The request is not a valid WebSocket handshake."
        case .malformedProxyHeader: "The connection does not begin with a valid PROXY header."
        case .tokenMissing: "A token is needed and none was sent."
        case .tokenMalformed: "The token cannot be read."
        case .tokenSignatureInvalid: "The token's signature does not hold."
        case .tokenUnknownKey: "The token was signed with a key that is not known here."
        case .tokenIssuerUnknown: "The token's issuer is not accepted here."
        case .tokenExpired: "The token has expired."
        case .tokenNotYetValid: "The token is not valid yet."
        case .tokenRevoked: "The token has been revoked."
        case .tokenAudienceMismatch: "The token is meant for another audience."
        case .tokenScopeMissing: "The token does not permit this."
        case .tokenAmbiguous: "Several tokens were sent, and they differ."
        case .tokenSubjectMismatch: "The token is of somebody else."
        case .tokenAddressMismatch: "The token is not good from this address."
        case .tokenExhausted: "The token has been used as often as it may be."
        case .tokenTooOld: "The token was issued too long ago."
        case .ticketUsed: "The ticket has been used."
        case .ticketExpired: "The ticket has expired."
        case .ticketUnknown: "The ticket is not known here."
        case .ticketLimitExceeded: "Too many tickets were asked for with this token."
        case .tokenFailuresExceeded: "Too many tokens from this address were not accepted."
        case .tokenClaimMismatch: "The token does not say what is needed here."
        case .tokenStoreUnavailable, .tokenKeysUnavailable: "Tokens cannot be checked at the moment."
        case .authorizationRequired: "Authorization is needed."
        case .authorizationDenied: "This connection is not authorized."
        case .authorizationUnavailable: "Authorization cannot be checked at the moment."
        case .middlewareUnavailable: "Connections cannot be judged at the moment."
        case .ipDenied, .ipNotAllowed: "Connections from this address are not accepted."
        case .originMissing: "An Origin is needed and none was sent."
        case .originDenied: "Connections from this origin are not accepted."
        case .clientCertificateMissing: "A client certificate is needed and none was sent."
        case .clientCertificateInvalid: "The client certificate is not valid here."
        case .routeNotFound: "There is nothing at this address."
        case .requestTimeout: "The request took too long."
        case .upgradeRequired: "Only WebSocket connections are served here."
        case .versionUnsupported: "Only version 13 of the WebSocket protocol is served here."
        case .connectionRateExceeded: "Too many connections in too short a time."
        case .connectionLimitExceeded: "Too many connections at once."
        case .headersTooLarge: "The request's head is too large."
        case .upstreamUnreachable: "The server behind this gateway cannot be reached."
        case .upstreamRefused: "The server behind this gateway refused the connection."
        case .upstreamInvalidResponse: "The server behind this gateway gave an invalid answer."
        case .upstreamTimeout: "The server behind this gateway took too long."
        case .capacityExceeded: "No more connections can be taken at the moment."
        case .draining: "This gateway is shutting down."
        }
    }
}

extension RefusalCause {
    /// The status that answers it.
    package var status: Int {
        switch self {
        case .builtin(let reason): reason.status
        case .custom(let reason): reason.status
        }
    }

    /// The code of the close frame that takes the status's place where the client has had its 101.
    package var closeCode: CloseCode {
        switch self {
        case .builtin(let reason): reason.closeCode
        case .custom(let reason): CloseCode(insteadOf: reason.status)
        }
    }

    /// One sentence for people, without control characters.
    var message: String {
        switch self {
        case .builtin(let reason): reason.message
        case .custom(let reason): reason.message
        }
    }
}

extension CloseCode {
    fileprivate init(insteadOf status: Int) {
        self = status == 503 ? .tryAgainLater : .policyViolation
    }
}
