import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Middleware

private func fresh(
    _ text: String, authority: TokenAuthority = ToyKey.authority, maximumAge: Duration? = nil
) throws -> TokenRenewal.Outcome {
    var settings = TokenSettings(issuers: ["local"], audience: "chat")
    settings.renewalPointer = JSONPointer("/portcullis/token")
    settings.expiryGrace = .seconds(5)
    settings.maximumAge = maximumAge
    let renewal = try #require(chain(.token(settings), tokens: authority).renewal)
    return renewal.judge(Array(text.utf8), of: try ToyKey.verified(scopes: []), from: .v4(0xc000_0201), now: noon)
}

private func message(_ token: String) -> String { #"{"portcullis":{"token":"\#(token)"}}"# }

extension TokenRenewal.Outcome {
    fileprivate var reason: RefusalReason? {
        if case .refused(let reason) = self { reason } else { nil }
    }
}

@Suite struct TokenRenewalTests {
    @Test("a fresh token of the same subject moves the end")
    func renewed() throws {
        let token = try ToyKey.token(id: "t-2", expiresAt: noon + 600)
        guard case .renewed(let identity, let term) = try fresh(message(token)) else {
            Issue.record("refused")
            return
        }
        #expect(identity.id == "t-2")
        #expect(term.end == noon + 605)
    }

    @Test("one that would not have been admitted, or is of somebody else, does not hold")
    func refused() throws {
        #expect(try fresh(message(ToyKey.token(subject: "bob"))).reason == .tokenSubjectMismatch)
        #expect(try fresh(message(ToyKey.token(audience: "news"))).reason == .tokenAudienceMismatch)
        #expect(try fresh(message(ToyKey.token(expiresAt: noon))).reason == .tokenExpired)
        #expect(try fresh(message(ToyKey.token()), maximumAge: .seconds(60)).reason == .tokenTooOld)
        #expect(try fresh(message("x")).reason == .tokenMalformed)
        #expect(try fresh(message(ToyKey.token(other: ["uses": .integer(1)]))).reason == .tokenExhausted)
        let revoked = ToyKey.authority
        revoked.add([.id("t-1", expiresAt: noon + 60)])
        #expect(try fresh(message(ToyKey.token()), authority: revoked).reason == .tokenRevoked)
    }

    @Test("a subject that only looks the same is somebody else")
    func lookalike() throws {
        var settings = TokenSettings(issuers: ["local"])
        settings.renewalPointer = JSONPointer("/portcullis/token")
        let renewal = try #require(chain(.token(settings), tokens: ToyKey.authority).renewal)
        let held = try ToyKey.authority.verify(
            try ToyKey.token(subject: "jos\u{e9}"), issuers: ["local"], audience: nil, scopes: [], now: noon)
        func outcome(_ subject: String) throws -> TokenRenewal.Outcome {
            let text = message(try ToyKey.token(subject: subject))
            return renewal.judge(Array(text.utf8), of: held, from: .v4(0xc000_0201), now: noon)
        }
        #expect(try outcome("jose\u{301}").reason == .tokenSubjectMismatch)
        #expect(try outcome("jos\u{e9}").reason == nil)
    }

    @Test("a message that two readers would take for two things brings no token, nor does a long one")
    func unfit() throws {
        let token = try ToyKey.token()
        #expect(try fresh(#"{"portcullis":{"token":"\#(token)","token":"\#(token)"}}"#).reason == .tokenMalformed)
        #expect(try fresh(message(token) + message(token)).reason == .tokenMalformed)
        #expect(try fresh(message(token) + String(repeating: " ", count: 8192)).reason == .tokenMalformed)
    }

    @Test("while the store cannot be read the connection lives on with the token that it has")
    func postponed() throws {
        let authority = ToyKey.authority
        authority.markUnavailable(true)
        guard case .postponed = try fresh(message(ToyKey.token()), authority: authority) else {
            Issue.record("judged")
            return
        }
    }

    @Test("messages are looked through for it before the rules, those of clients with a token alone")
    func plan() throws {
        var settings = TokenSettings(issuers: ["local"])
        settings.renewalPointer = JSONPointer("/portcullis/token")
        let rules = MessageRules([], renewal: chain(.token(settings), tokens: ToyKey.authority).renewal)
        let identity = try ToyKey.verified(scopes: [])
        #expect(MessagePlan(rules, from: .upstream, of: try facts(identity)).isEmpty)
        #expect(MessagePlan(rules, from: .client, of: try facts()).isEmpty)
        var plan = MessagePlan(rules, from: .client, of: try facts(identity))
        var scratch = FilterScratch()
        for (text, verdict) in [
            (message(""), MessageVerdict.renewal), (#"{"portcullis":{"token":7}}"#, .pass), ("{}", .pass),
            (#"{"portcullis":{"tok\u0065n":"x"}}"#, .renewal),
        ] {
            #expect(plan.evaluate(opcode: .text, payload: Array(text.utf8).span, now: 0, using: &scratch) == verdict)
        }
        #expect(plan.evaluate(opcode: .binary, payload: Array(message("").utf8).span, now: 0, using: &scratch) == .pass)
    }
}
