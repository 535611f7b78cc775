import Testing

@testable import PolicyFile

struct TokenDecoderTests {
    @Test(
        "token",
        arguments: PolicyCase.table(
            .door,
            #"""
            == token with all keys
            - token:
                issuers: [local]
                from: [{ header: Authorization }, { header: X-Token }, { subprotocol: bearer. }, { cookie: session }, { query: access_token }]
                audience: chat
                scopes: [chat.read, "https://example.com/scope"]
            ----
            token ["local"] from [PolicyModel.TokenSettings.Carrier.header("Authorization", scheme: Optional("Bearer")), PolicyModel.TokenSettings.Carrier.header("X-Token", scheme: nil), PolicyModel.TokenSettings.Carrier.subprotocol(prefix: "bearer."), PolicyModel.TokenSettings.Carrier.cookie("session"), PolicyModel.TokenSettings.Carrier.query("access_token")] audience chat scopes ["chat.read", "https://example.com/scope"]
            == token with defaults
            - token: { issuers: [local] }
            ----
            token ["local"] from [PolicyModel.TokenSettings.Carrier.header("Authorization", scheme: Optional("Bearer"))] audience any scopes []
            == token with lives, schemes and lockout
            - token:
                issuers: [local]
                from: [{ header: X-Token, scheme: Token }, { header: authorization }]
                expiry_grace: 30s
                max_age: 12h
                failures: { rate: 10/1m, block: 5m }
                renew: {}
            ----
            token ["local"] from [PolicyModel.TokenSettings.Carrier.header("X-Token", scheme: Optional("Token")), PolicyModel.TokenSettings.Carrier.header("authorization", scheme: Optional("Bearer"))] audience any scopes [] grace 30.0 seconds age 43200.0 seconds renewed at /portcullis/token failures 10/60.0 seconds block 300.0 seconds /64
            == lockout that is wrong
            - token: { issuers: [local], failures: { rate: 10, blok: 5m } }
            - token: { issuers: [local], mode: shadow, failures: { block: 5m }, max_age: soon, from: [{ header: X, scheme: a b }, { scheme: Bearer }] }
            ----
            1:48: error: `rate` must be a rate such as 10/1s or 100/1m, not `10`
            1:52: error: unknown key `blok` in `failures`; did you mean `block`?
            2:54: error: `failures` needs `rate`, such as `rate: 10/1m`
            2:78: error: `max_age` must be a duration, one whole number and one of the units ms, s, m, h, d, such as 250ms or 30s, not `soon`
            2:112: error: `a b` is no authentication scheme (RFC 9110 section 11.1)
            2:121: error: unknown key `scheme` in an entry of `from`; its keys are `header`, `subprotocol`, `cookie`, `query`, `ticket`, `first_message`
            == token by ticket and first message
            - origin: { allow: [], missing: allow }
            - token: { issuers: [local], from: [{ cookie: session }, { ticket: {} }, { first_message: {} }] }
            ----
            origin [] missing admitted
            token ["local"] from [PolicyModel.TokenSettings.Carrier.cookie("session")] audience any scopes [] ticket ticket first message /token within 10.0 seconds
            == token by ticket and first message with all keys
            - origin: { allow: [], missing: allow }
            - token:
                issuers: [local]
                from: [{ header: Authorization }, { ticket: { query: t } }, { first_message: { timeout: 3s, pointer: /auth/token } }]
            ----
            origin [] missing admitted
            token ["local"] from [PolicyModel.TokenSettings.Carrier.header("Authorization", scheme: Optional("Bearer"))] audience any scopes [] ticket t first message /auth/token within 3.0 seconds
            == ticket and first message where they cannot be
            - headers: { response: { set: { X-A: a } } }
            - token: { issuers: [local], from: [{ query: t }, { ticket: {} }, { ticket: {} }, { first_message: {} }] }
            - headers: { request: { set: { X-A: a } }, response: { set: { X-A: a } } }
            - token: { issuers: [local], mode: shadow, from: [{ first_message: {} }, { first_message: {} }] }
            ----
            2:3: error: tickets are given to pages, so this route needs an enforced `origin`; programs that send none pass with `missing: allow`
            2:36: error: a ticket is given for a token in a header or a cookie, and `from` names neither; add `header: Authorization`
            2:67: error: this carrier stands in `from` twice; remove one of them
            3:3: error: with `first_message` the 101 has gone out before this entry runs: move its `response` before `token`
            4:3: error: `first_message` cannot be tried in shadow: a server behind would get the message; leave it out of `from`
            4:74: error: this carrier stands in `from` twice; remove one of them
            == ticket and token in one parameter
            - origin: { allow: [], missing: allow }
            - token: { issuers: [local], from: [{ cookie: c }, { query: ticket }, { ticket: {} }] }
            ----
            2:36: error: a ticket and a token cannot both stand in the query parameter `ticket`; give one another name
            == lives and pointers that no token could meet
            - token: { issuers: [local], max_age: 500ms, expiry_grace: 999ms, renew: { pointer: "" }, from: [{ first_message: { pointer: /1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h } }] }
            ----
            1:39: error: `max_age` must be 1s at least
            1:60: error: `expiry_grace` must be 1s at least
            1:85: error: `pointer` to a token has 1 to 16 steps, such as `/token`
            1:126: error: `pointer` to a token has 1 to 16 steps, such as `/token`
            == token without issuers
            - token: { from: [], scopes: read, audience: "" }
            ----
            1:10: error: `token` needs `issuers`, such as `issuers: [local]`
            1:18: error: `from` is empty, so no token could be found; leave it out to look at Authorization
            1:30: error: `scopes` must be a list, not `read`
            1:46: error: `audience` must not be empty
            == token with no issuer
            - token: { issuers: [] }
            ----
            1:21: error: `issuers` is empty, so no token could pass; name one at least
            == token of an unknown issuer
            - token: { issuers: [locale, ""] }
            ----
            1:22: error: there is no token issuer `locale`; did you mean `local`?
            1:30: error: `issuers` must not be empty
            == tokens one after the other
            - token: { issuers: [local] }
            - token: { issuers: [local], mode: shadow }
            - token: { issuers: [local] }
            ----
            3:3: error: a second enforced `token`, after the one in line 6, which takes the token out of the request; name all issuers in one of them
            == carriers that are wrong
            - token:
                issuers: [local]
                from:
                  - header
                  - { header: Authorization, query: token }
                  - { header: "X Token" }
                  - { header: Cookie }
                  - { header: Sec-WebSocket-Protocol }
                  - { header: Sec-WebSocket-Key }
                  - { subprotocol: "bearer," }
                  - { cookie: "a=b" }
                  - { query: "a&b" }
                  - { query: token }
                  - { query: token }
                  - { ticket: ticket }
                  - { first_message: { pointer: token } }
                  - { from_headers: Authorization }
            ----
            4:9: error: an entry of `from` must be a mapping with one of `header`, `subprotocol`, `cookie`, `query`, `ticket` or `first_message`, not `header`
            5:34: error: unknown key `query` in an entry of `from`; its keys are `header`, `scheme`
            6:19: error: `X Token` is no header name (RFC 9110 section 5.1)
            7:19: error: for a cookie write `cookie: NAME`
            8:19: error: for a subprotocol write `subprotocol: PREFIX`
            9:19: error: the header `Sec-WebSocket-Key` belongs to the gateway and carries no token
            10:24: error: `bearer,` cannot begin a subprotocol (RFC 6455 section 4.1); a usual prefix is `bearer.`
            11:19: error: `a=b` is no cookie name (RFC 6265 section 4.1.1)
            12:18: error: a query parameter's name has letters, digits, `-`, `.`, `_` and `~`, not `a&b`
            14:9: error: this carrier stands in `from` twice; remove one of them
            15:19: error: `ticket` must be a mapping, with keys such as `query`, not `ticket`
            16:37: error: `token` is no JSON pointer (RFC 6901): it begins with `/`, and `~` stands only in `~0` and `~1`
            17:11: error: unknown key `from_headers` in an entry of `from`; its keys are `header`, `subprotocol`, `cookie`, `query`, `ticket`, `first_message`
            == scopes that are wrong
            - token: { issuers: [local], scopes: [a b, "a\"b", 7] }
            ----
            1:39: error: a scope is one word without spaces, quotes and backslashes, not `a b`
            1:44: error: a scope is one word without spaces, quotes and backslashes, not `a"b`
            1:52: error: `scopes` must be a text, and YAML reads `7` as something else; put it in quotes
            """#))
    func token(_ policy: PolicyCase) { policy.check() }
}
