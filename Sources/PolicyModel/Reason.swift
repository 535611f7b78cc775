/// Why the gateway has refused a handshake: one stable spelling in the response, the audit log, the metric and `explain`.
package enum RefusalReason: String, Error, Sendable, CaseIterable {
    case malformedRequest = "malformed-request"
    case malformedUpgrade = "malformed-upgrade"
    /// A load balancer that is to begin with a PROXY header has not.
    case malformedProxyHeader = "malformed-proxy-header"
    case tokenMissing = "token-missing"
    case tokenMalformed = "token-malformed"
    case tokenSignatureInvalid = "token-signature-invalid"
    case tokenUnknownKey = "token-unknown-key"
    case tokenIssuerUnknown = "token-issuer-unknown"
    case tokenExpired = "token-expired"
    case tokenNotYetValid = "token-not-yet-valid"
    case tokenRevoked = "token-revoked"
    case tokenAudienceMismatch = "token-audience-mismatch"
    case tokenScopeMissing = "token-scope-missing"
    /// A claim that the issuer's tokens must have is missing, or has another value.
    case tokenClaimMismatch = "token-claim-mismatch"
    /// Several tokens were carried, and they differ.
    case tokenAmbiguous = "token-ambiguous"
    /// A fresh token is not of whom the connection is.
    case tokenSubjectMismatch = "token-subject-mismatch"
    /// Issued longer ago than the route allows.
    case tokenTooOld = "token-too-old"
    /// It is bound to other networks than the client's.
    case tokenAddressMismatch = "token-address-mismatch"
    /// It has opened as many connections as it may.
    case tokenExhausted = "token-exhausted"
    /// It has opened a connection before.
    case ticketUsed = "ticket-used"
    case ticketExpired = "ticket-expired"
    /// Never given out here, or long ago.
    case ticketUnknown = "ticket-unknown"
    /// One token has asked for too many that were not used.
    case ticketLimitExceeded = "ticket-limit-exceeded"
    /// Too many tokens of this address did not hold.
    case tokenFailuresExceeded = "token-failures-exceeded"
    /// The store cannot be read, so that no token can be known to be unrevoked.
    case tokenStoreUnavailable = "token-store-unavailable"
    /// The issuer's keys have never been read, so that none of its tokens can be checked.
    case tokenKeysUnavailable = "token-keys-unavailable"
    /// The authorisation service wants to know who it is.
    case authorizationRequired = "authorization-required"
    /// The authorisation service does not let this one in.
    case authorizationDenied = "authorization-denied"
    /// The authorisation service has not answered, or nothing that lets anybody in or keeps anybody out.
    case authorizationUnavailable = "authorization-unavailable"
    /// A middleware that is no built-in could not be made, or broke its own promises.
    case middlewareUnavailable = "middleware-unavailable"
    case ipDenied = "ip-denied"
    case ipNotAllowed = "ip-not-allowed"
    case originMissing = "origin-missing"
    case originDenied = "origin-denied"
    /// The listener requires a client certificate, and TLS has ended without one.
    case clientCertificateMissing = "client-certificate-missing"
    case clientCertificateInvalid = "client-certificate-invalid"
    case routeNotFound = "route-not-found"
    case requestTimeout = "request-timeout"
    case upgradeRequired = "upgrade-required"
    case versionUnsupported = "version-unsupported"
    case connectionRateExceeded = "connection-rate-exceeded"
    case connectionLimitExceeded = "connection-limit-exceeded"
    case headersTooLarge = "headers-too-large"
    case upstreamUnreachable = "upstream-unreachable"
    case upstreamRefused = "upstream-refused"
    case upstreamInvalidResponse = "upstream-invalid-response"
    case upstreamTimeout = "upstream-timeout"
    case capacityExceeded = "capacity-exceeded"
    case draining = "draining"
}

/// Why an admitted connection ended: the audit log's reason, and the close frame's text where the gateway ended it.
package enum CloseReason: String, Sendable, CaseIterable {
    /// By a close frame of the client's own. What it wrote as its reason is a payload, and stays out of the log.
    case clientClosed = "client-closed"
    /// By a close frame of the upstream's own.
    case upstreamClosed = "upstream-closed"
    case tokenRevoked = "token-revoked"
    case tokenExpired = "token-expired"
    case tokenTooOld = "token-too-old"
    case policyChanged = "policy-changed"
    /// By somebody who asked the gateway for it.
    case closedByOperator = "closed-by-operator"
    case messageDenied = "message-denied"
    case messageTimeout = "message-timeout"
    /// A message does not fit the schema that it has to.
    case schemaMismatch = "schema-mismatch"
    case messageTooBig = "message-too-big"
    case messageRateExceeded = "message-rate-exceeded"
    case byteRateExceeded = "byte-rate-exceeded"
    case lifetimeExceeded = "lifetime-exceeded"
    case idleTimeout = "idle-timeout"
    case pongTimeout = "pong-timeout"
    case protocolError = "protocol-error"
    case invalidText = "invalid-text"
    case upstreamLost = "upstream-lost"
    case clientLost = "client-lost"
    case writeTimeout = "write-timeout"
    /// Memory was short, and the connection idle.
    case capacityExceeded = "capacity-exceeded"
    case draining = "draining"
}
