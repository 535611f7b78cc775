import Engine
import Middleware
import PolicyModel
import Tokens

extension ObservedHandshake {
    init(_ rehearsed: RehearsedHandshake) {
        var responseHeaders = rehearsed.responseHeaders
        switch rehearsed.decision {
        case .admitted: decision = .admitted
        case .refused(let refusal):
            responseHeaders = refusal.answer?.headers ?? responseHeaders
            decision = .refused(
                reason: refusal.reason, status: refusal.answer?.status, position: rehearsed.refusingStep?.position)
        case .answered(let answer):
            decision = .undecided("answered with status \(answer.status), as a request for a ticket")
        case .undecided(let wait):
            decision = .undecided("undecided: it waits for \(wait), which the test does not say")
        }
        self.responseHeaders = responseHeaders
        route = rehearsed.route?.name
        upstreamHeaders = rehearsed.upstream?.headers ?? []
        target = rehearsed.upstream?.target
        subprotocols = rehearsed.upstream?.subprotocols ?? []
        subject = rehearsed.identity?.subject
        shadow = rehearsed.shadowRefusals.map(\.reason)
    }
}

extension ObservedMessage {
    init(_ rehearsed: RehearsedMessage) {
        switch rehearsed.verdict {
        case .passed: outcome = .passed
        case .edited: outcome = .edited(rehearsed.output)
        case .dropped: outcome = .dropped
        case .reply: outcome = .reply(rehearsed.output)
        case .closed(let code, let reason, _): outcome = .closed(code: code, reason: reason)
        case .renewed: outcome = .renewed
        case .renewalPostponed:
            outcome = .other("goes no further: it has brought a fresh token that cannot be judged now")
        }
        rules = rehearsed.hits.map { Rule(name: $0.name, isShadow: $0.isShadow) }
    }
}

extension MadeUpHandshake {
    /// The `number`th of a test's handshakes, from 0 on. `issuers`: the policy's.
    init(_ test: TestHandshake, number: Int, issuers: [TokenIssuerPolicy]) {
        let elapsed = test.interval.nanoseconds.multipliedClamped(by: number)
        self.init(
            host: test.host ?? "", target: test.target ?? "/", listener: test.listener,
            peer: test.address ?? .v4(0x7f00_0001), method: test.method ?? "GET", headers: test.headers,
            subprotocols: test.subprotocols, clientCertificate: test.clientCertificate,
            time: (test.time ?? Self.usualTime).saturatingAdd(elapsed / 1_000_000_000), monotonic: elapsed,
            authorization: test.authorization, firstMessage: test.firstMessage)
        if let origin = test.origin { headers.append(("Origin", origin)) }
        switch test.credential {
        case nil: credential = .none
        case .token(let token): credential = .token(token)
        case .claims(let claims): credential = .claims(MadeUpClaims(claims, at: time ?? Self.usualTime, issuers))
        }
    }

    /// Noon of 2026-01-01 by UTC: a test that says nothing of time is the same on every day.
    static let usualTime: Int64 = 1_767_268_800
}

extension MadeUpClaims {
    init(_ test: TestClaims, at time: Int64, _ issuers: [TokenIssuerPolicy]) {
        let hasBuiltin = issuers.contains { if case .builtin = $0.kind { true } else { false } }
        self.init(
            subject: test.subject, issuer: test.issuer ?? (hasBuiltin ? nil : issuers.first?.name),
            audience: test.audiences, scopes: test.scopes, expiresIn: test.expiresIn.components.seconds,
            notBefore: test.startsIn.map { time.saturatingAdd($0.components.seconds) },
            issuedAt: time.saturatingAdd(-test.age.components.seconds), id: test.id, uses: test.uses.map(Int64.init),
            other: test.other.mapValues(\.claim))
    }
}

extension MadeUpMessage {
    /// `renewal`: the text of a message that brings a fresh token. `monotonic` in nanoseconds.
    init(_ test: TestMessage, renewal: String?, monotonic: Int64) {
        let (isBinary, payload) =
            switch test.payload {
            case .text(let text): (false, Array(text.utf8))
            case .json(let value): (false, Array(value.text.utf8))
            case .binary(let bytes): (true, bytes)
            case .renewal: (false, Array((renewal ?? "").utf8))
            }
        self.init(
            from: test.sender, isBinary: isBinary, payload: payload, monotonic: monotonic)
    }
}

extension RoutePolicy {
    /// A message that brings a fresh token, as clients of the route send it; nil where they do not.
    func renewal(by token: String) -> String? {
        for entry in middleware {
            guard case .token(let settings) = entry.settings, let pointer = settings.renewalPointer else { continue }
            return pointer.tokens.reversed().reduce(JSONTree.string(token)) { .object([$1: $0]) }.text
        }
        return nil
    }
}

extension Int64 {
    fileprivate func multipliedClamped(by factor: Int) -> Int64 {
        let (product, isTooLong) = multipliedReportingOverflow(by: Int64(factor))
        return isTooLong ? .max : product
    }
}
