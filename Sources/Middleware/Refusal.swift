package import PolicyModel
package import WebSocketProtocol

/// What a middleware says of a handshake.
package enum Verdict: Sendable {
    case pass
    case refuse(Refusal)
    /// Something must be known first.
    case wait(PendingVerdict)
}

/// A handshake that does not go on, and all that its answer is made of.
package struct Refusal: Error, Sendable, Hashable {
    package let reason: RefusalCause
    /// At least 1 where it is given; for rates and limits.
    package let retryAfterSeconds: Int?
    /// What an authorisation service asks of the client (RFC 9110 section 11.3), checked; for 401.
    package let challenges: [String]

    package init(_ reason: RefusalReason, retryAfterSeconds: Int? = nil, challenges: [String] = []) {
        self.reason = .builtin(reason)
        self.retryAfterSeconds = retryAfterSeconds
        self.challenges = challenges
    }

    /// By a middleware that is no built-in.
    package init(_ reason: CustomReason, retryAfterSeconds: Int? = nil) {
        self.reason = .custom(reason)
        self.retryAfterSeconds = retryAfterSeconds
        challenges = []
    }

    /// The time is rounded up to seconds: who comes back then is admitted.
    init(_ reason: RefusalReason, retryAfterNanoseconds: Int64) {
        let (seconds, rest) = retryAfterNanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        self.init(reason, retryAfterSeconds: max(1, Int(seconds) + (rest > 0 ? 1 : 0)))
    }

    /// Why a request head, or what it asks for, was refused.
    package init(of error: HandshakeError) {
        switch error {
        case .malformedRequest: self.init(.malformedRequest)
        case .malformedUpgrade: self.init(.malformedUpgrade)
        case .headersTooLarge: self.init(.headersTooLarge)
        case .upgradeRequired: self.init(.upgradeRequired)
        case .versionUnsupported: self.init(.versionUnsupported)
        }
    }

    package var status: Int { reason.status }

    /// For people; the same for all refusals of one reason, so that it tells nothing of what is inside.
    package var message: String { reason.message }

    /// Fields of the answer beside `Connection: close` and those of its body.
    package var extraHeaders: HeaderFields {
        switch status {
        case 401 where reason == .builtin(.authorizationRequired):
            // RFC 9110 section 15.5.2 wants one, whatever the service has said.
            let values = challenges.isEmpty ? [#"Bearer realm="portcullis""#] : challenges
            return HeaderFields(values.map { HeaderField(name: "WWW-Authenticate", value: $0) })
        case 401:
            // RFC 6750 section 3.1: no error code where the request carried nothing, or nothing is said of what it carried.
            let isToken = reason.builtin != nil && reason != .builtin(.tokenMissing)
            let error = isToken ? #", error="invalid_token""# : ""
            return HeaderFields([
                HeaderField(name: "WWW-Authenticate", value: #"Bearer realm="portcullis""# + error)
            ])
        case 426:
            // RFC 9110 section 15.5.22 asks for Upgrade, RFC 6455 section 4.4 for the version.
            return HeaderFields([
                HeaderField(name: "Upgrade", value: "websocket"),
                HeaderField(name: "Sec-WebSocket-Version", value: "13"),
            ])
        case 429:
            return HeaderFields([HeaderField(name: "Retry-After", value: String(max(1, retryAfterSeconds ?? 1)))])
        default:
            return HeaderFields(
                retryAfterSeconds.map { [HeaderField(name: "Retry-After", value: String(max(1, $0)))] } ?? [])
        }
    }

    /// `{"error": REASON, "message": TEXT, "request_id": ID}` in UTF-8.
    package func body(requestID: String) -> [UInt8] {
        let error = reason.rawValue
        let (message, id) = (JSONTemplate.escaped(message), JSONTemplate.escaped(requestID))
        return Array(#"{"error":"\#(error)","message":"\#(message)","request_id":"\#(id)"}"#.utf8)
    }
}
