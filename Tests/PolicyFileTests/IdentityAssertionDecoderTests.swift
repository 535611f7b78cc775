import Testing

@testable import PolicyFile

struct IdentityAssertionDecoderTests {
    @Test(
        "identity_assertion",
        arguments: PolicyCase.table(
            .door,
            #"""
            == assertion with all keys
            - token: { issuers: [local] }
            - identity_assertion: { header: X-Who, audience: chat, ttl: 5m }
            ----
            token ["local"] from [PolicyModel.TokenSettings.Carrier.header("Authorization", scheme: Optional("Bearer"))] audience any scopes []
            identity_assertion X-Who for chat, 300.0 seconds
            == assertion with defaults
            - token: { issuers: [local] }
            - identity_assertion: { audience: chat }
            ----
            token ["local"] from [PolicyModel.TokenSettings.Carrier.header("Authorization", scheme: Optional("Bearer"))] audience any scopes []
            identity_assertion X-Portcullis-Assertion for chat, 60.0 seconds
            == assertion before the token
            - identity_assertion: { audience: chat }
            - token: { issuers: [local] }
            ----
            1:3: error: `identity_assertion` says who the client is, and nothing before it would tell: it needs an enforced `token`, or `authorize` with a `subject_header`
            == assertion behind a service that names nobody
            - token: { issuers: [local], mode: shadow }
            - authorize: { url: "http://127.0.0.1:9100/" }
            - identity_assertion: { audience: chat }
            ----
            3:3: error: `identity_assertion` says who the client is, and nothing before it would tell: it needs an enforced `token`, or `authorize` with a `subject_header`
            == assertion that is wrong
            - token: { issuers: [local] }
            - identity_assertion: { header: Sec-WebSocket-Key, ttl: 2h }
            - identity_assertion: { header: "a b", audience: "", ttl: soon }
            - identity_assertion: { audience: a, header: X-Forwarded-For }
            ----
            2:23: error: `identity_assertion` needs `audience`, such as `audience: chat-server`
            2:33: error: the header `Sec-WebSocket-Key` belongs to the gateway and carries no assertion
            2:57: error: `ttl` must be from 1s to 1h
            3:33: error: `a b` is no header name (RFC 9110 section 5.1)
            3:50: error: `audience` must not be empty
            3:59: error: `ttl` must be a duration, one whole number and one of the units ms, s, m, h, d, such as 250ms or 30s, not `soon`
            4:46: error: the header `X-Forwarded-For` belongs to the gateway and carries no assertion
            """#))
    func identityAssertion(_ policy: PolicyCase) { policy.check() }
}
