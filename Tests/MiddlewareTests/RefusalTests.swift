import PolicyModel
import Testing
import WebSocketProtocol

@testable import Middleware

@Suite struct RefusalTests {
    @Test(
        "status of each reason, as docs/refusals.md has it",
        arguments: [
            (400, ["malformed-request", "malformed-upgrade", "malformed-proxy-header", "token-ambiguous"]),
            (
                401,
                [
                    "token-missing", "token-malformed", "token-signature-invalid", "token-unknown-key",
                    "token-issuer-unknown", "token-expired", "token-not-yet-valid", "token-revoked",
                    "token-audience-mismatch", "token-too-old", "token-subject-mismatch", "token-address-mismatch",
                    "token-exhausted", "ticket-used",
                    "ticket-expired", "ticket-unknown", "authorization-required",
                ]
            ),
            (
                403,
                [
                    "ip-denied", "ip-not-allowed", "origin-missing", "origin-denied", "token-scope-missing",
                    "token-claim-mismatch",
                    "client-certificate-missing", "client-certificate-invalid", "authorization-denied",
                ]
            ),
            (404, ["route-not-found"]), (408, ["request-timeout"]), (426, ["upgrade-required", "version-unsupported"]),
            (
                429,
                [
                    "connection-rate-exceeded", "connection-limit-exceeded", "token-failures-exceeded",
                    "ticket-limit-exceeded",
                ]
            ),
            (431, ["headers-too-large"]),
            (502, ["upstream-unreachable", "upstream-refused", "upstream-invalid-response"]),
            (
                503,
                [
                    "capacity-exceeded", "draining", "token-store-unavailable", "token-keys-unavailable",
                    "authorization-unavailable", "middleware-unavailable",
                ]
            ),
            (504, ["upstream-timeout"]),
        ])
    func status(_ status: Int, _ reasons: [String]) throws {
        #expect(RefusalReason.allCases.filter { $0.status == status }.map(\.rawValue).sorted() == reasons.sorted())
    }

    @Test(
        "close code of each reason where the client has had its 101",
        arguments: [
            (RefusalReason.tokenMissing, CloseCode.policyViolation), (.ipDenied, .policyViolation),
            (.upstreamTimeout, .internalError), (.upstreamUnreachable, .internalError), (.draining, .serviceRestart),
            (.tokenStoreUnavailable, .tryAgainLater), (.tokenKeysUnavailable, .tryAgainLater),
            (.authorizationUnavailable, .tryAgainLater), (.capacityExceeded, .tryAgainLater),
        ])
    func closeCode(_ reason: RefusalReason, _ code: CloseCode) {
        #expect(reason.closeCode == code)
    }

    @Test("each reason has a sentence that stands in JSON as it is", arguments: RefusalReason.allCases)
    func message(_ reason: RefusalReason) {
        let message = Refusal(reason).message
        #expect(!message.isEmpty)
        #expect(message.utf8.allSatisfy { (0x20..<0x7f).contains($0) && $0 != 0x22 && $0 != 0x5c })
    }

    @Test(
        "fields of the answer",
        arguments: [
            (Refusal(.tokenMissing), ["WWW-Authenticate: Bearer realm=\"portcullis\""]),
            (
                Refusal(.tokenExpired), ["WWW-Authenticate: Bearer realm=\"portcullis\", error=\"invalid_token\""]
            ),
            (Refusal(.authorizationRequired), ["WWW-Authenticate: Bearer realm=\"portcullis\""]),
            (
                Refusal(.authorizationRequired, challenges: ["Basic", "Negotiate"]),
                ["WWW-Authenticate: Basic", "WWW-Authenticate: Negotiate"]
            ),
            (Refusal(.connectionRateExceeded, retryAfterSeconds: 7), ["Retry-After: 7"]),
            (Refusal(.connectionLimitExceeded), ["Retry-After: 1"]),
            (Refusal(.versionUnsupported), ["Upgrade: websocket", "Sec-WebSocket-Version: 13"]),
            (Refusal(.upgradeRequired), ["Upgrade: websocket", "Sec-WebSocket-Version: 13"]),
            (Refusal(.originDenied), []),
        ])
    func extraHeaders(_ refusal: Refusal, _ expected: [String]) {
        #expect(refusal.extraHeaders.fields.map { "\($0.name): \($0.value)" } == expected)
    }

    @Test("the body, whatever the request id")
    func body() {
        #expect(
            String(decoding: Refusal(.originDenied).body(requestID: "a\"\\\n\u{1f}é"), as: UTF8.self)
                == #"{"error":"origin-denied","message":"Connections from this origin are not accepted.","request_id":"a\"\\\u000a\u001fé"}"#
        )
    }

    @Test(
        "errors of the handshake",
        arguments: [
            (HandshakeError.malformedRequest("x"), RefusalReason.malformedRequest),
            (.malformedUpgrade("x"), .malformedUpgrade), (.headersTooLarge, .headersTooLarge),
            (.upgradeRequired, .upgradeRequired), (.versionUnsupported, .versionUnsupported),
        ])
    func handshake(_ error: HandshakeError, _ reason: RefusalReason) {
        #expect(Refusal(of: error).reason == .builtin(reason))
        #expect(Refusal(of: error).status == error.status)
    }

    @Test(
        "a middleware's own reason: its status, and a close code for it",
        arguments: [(403, 1008, []), (503, 1013, []), (429, 1008, ["Retry-After: 1"])] as [(Int, UInt16, [String])])
    func custom(_ status: Int, _ code: UInt16, _ fields: [String]) throws {
        let refusal = Refusal(try CustomReason("x-y", of: "x", status: status, message: "No."))
        #expect(refusal.status == status)
        #expect(refusal.reason.closeCode.rawValue == code)
        #expect(refusal.extraHeaders.fields.map { "\($0.name): \($0.value)" } == fields)
    }

    @Test("a middleware's own reason: when to come back, whatever the status, and no word on tokens")
    func customFields() throws {
        let late = Refusal(try CustomReason("x", of: "x", status: 403, message: "No."), retryAfterSeconds: 60)
        #expect(late.extraHeaders.fields.map(\.name) == ["Retry-After"])
        #expect(late.extraHeaders.first("Retry-After") == "60")
        let unknown = Refusal(try CustomReason("x", of: "x", status: 401, message: "No."))
        #expect(unknown.extraHeaders.first("WWW-Authenticate") == #"Bearer realm="portcullis""#)
    }

    @Test("a middleware's own message is escaped")
    func customBody() throws {
        let refusal = Refusal(try CustomReason("x", of: "x", status: 403, message: #"Say "please" \ é"#))
        #expect(
            String(decoding: refusal.body(requestID: "r"), as: UTF8.self)
                == #"{"error":"x","message":"Say \"please\" \\ é","request_id":"r"}"#)
    }
}
