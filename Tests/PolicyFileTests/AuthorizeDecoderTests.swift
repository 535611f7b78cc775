import Testing

@testable import PolicyFile

struct AuthorizeDecoderTests {
    @Test(
        "authorize",
        arguments: PolicyCase.table(
            .door,
            #"""
            == authorize by its url alone
            - authorize: { url: "http://127.0.0.1:9100/check" }
            ----
            authorize http://127.0.0.1:9100/check within 5.0 seconds shows ["Authorization", "Cookie"] takes []
            == authorize with everything
            - authorize:
                url: https://auth.example.com/check?from=gateway
                timeout: 2s
                copy_request_headers: [Cookie, Authorization, X-Tenant]
                copy_response_headers: [X-User, X-Roles]
                subject_header: X-User
                cache: { ttl: 30s, key: [authorization, Cookie] }
                ca: certs/auth-ca.pem
            ----
            authorize https://auth.example.com/check?from=gateway within 2.0 seconds shows ["Cookie", "Authorization", "X-Tenant"] takes ["X-User", "X-Roles"] subject X-User cache 30.0 seconds by ["Authorization", "Cookie"] ca certs/auth-ca.pem
            == cache by all that the service sees
            - authorize: { url: "http://[::1]/", copy_request_headers: [X-Key], cache: { ttl: 1s } }
            ----
            authorize http://[::1]/ within 5.0 seconds shows ["X-Key"] takes [] cache 1.0 seconds by ["X-Key"]
            == two services, one of them on trial
            - authorize: { url: "http://a.example" }
            - authorize: { url: "http://b.example", mode: shadow, subject_header: X-User }
            - authorize: { url: "http://c.example", subject_header: X-User }
            ----
            authorize http://a.example within 5.0 seconds shows ["Authorization", "Cookie"] takes []
            authorize http://b.example within 5.0 seconds shows ["Authorization", "Cookie"] takes [] subject X-User in shadow
            authorize http://c.example within 5.0 seconds shows ["Authorization", "Cookie"] takes [] subject X-User
            == two subjects
            - authorize: { url: "http://a.example", subject_header: X-User }
            - authorize: { url: "http://b.example", subject_header: X-User }
            ----
            2:3: error: a second `subject_header`, after that of the `authorize` in line 6; remove one of them
            == a subject beside a token
            - authorize: { url: "http://a.example", subject_header: X-User }
            - token: { issuers: [local] }
            ----
            1:3: error: the subject is that of the `token` in line 7; remove `subject_header` from this `authorize`
            == no token variables by an authorize
            - authorize: { url: "http://a.example", subject_header: X-User }
            - headers: { request: { set: { X-A: "${token.subject}" } } }
            ----
            2:37: error: `${token.subject}` needs an enforced `token` entry before this `headers` entry, and there is none
            == lists that are wrong
            - authorize:
                url: http://127.0.0.1/
                copy_request_headers: [X Key, Host, X-Forwarded-Uri, X_Request_ID, Cookie, cookie]
                copy_response_headers: [X-User, x_user, Sec-WebSocket-Protocol, "", X-Forwarded-For]
                subject_header: "X-User:"
            ----
            3:28: error: `X Key` is no header name (RFC 9110 section 5.1)
            3:35: error: the header `Host` belongs to the gateway, which writes it itself
            3:41: error: the header `X-Forwarded-Uri` belongs to the gateway, which writes it itself
            3:58: error: the header `X_Request_ID` belongs to the gateway, which writes it itself
            3:80: error: `cookie` and `Cookie` are one header; remove one of them
            4:37: error: `x_user` and `X-User` are one header; remove one of them
            4:45: error: the header `Sec-WebSocket-Protocol` belongs to the gateway, which writes it itself
            4:69: error: `copy_response_headers` must not be empty
            4:73: error: the header `X-Forwarded-For` belongs to the gateway, which writes it itself
            5:21: error: `X-User:` is no header name (RFC 9110 section 5.1)
            == a cache that is wrong
            - authorize: { url: "http://a.example", cache: {} }
            - authorize: { url: "http://a.example", cache: { ttl: 2h, key: [Cookie, X-Tenant] } }
            - authorize: { url: "http://a.example", cache: 30s }
            - authorize: { url: "http://a.example", copy_request_headers: Cookie, cache: { ttl: 5s, key: [Cookie] } }
            ----
            1:48: error: `cache` needs `ttl`, such as `ttl: 30s`
            2:55: error: `ttl` must be from 1s to 1h
            2:73: error: `key` has `X-Tenant`, which the service is not shown; add it to `copy_request_headers`
            3:48: error: `cache` must be a mapping, with keys such as `ttl`, not `30s`
            4:63: error: `copy_request_headers` must be a list, not `Cookie`
            == times and authorities that are wrong
            - authorize: { url: "http://a.example", timeout: 5m, ca: ca.pem }
            - authorize: { url: "https://a.example", timeout: 50ms, ca: "-----BEGIN CERTIFICATE-----" }
            ----
            1:50: error: `timeout` must be from 100ms to 60s
            1:54: error: `ca` is for an https:// `url`; this one is not encrypted
            2:51: error: `timeout` must be from 100ms to 60s
            2:61: error: `ca` is the path of a PEM file; keep what is in the file out of the policy
            == authorize in other gateways' words
            - forwardAuth: { address: "http://a.example" }
            - auth_request: {}
            - ext_authz: {}
            - authorise: { url: "http://a.example" }
            - authorize: { address: "http://a.example", authResponseHeaders: [X-User], authRequestHeaders: [Cookie] }
            - authorize: { uri: "http://a.example", copy_headers: [X-User], ca_file: a.pem, cache: { lifetime: 5s } }
            ----
            1:3: error: unknown key `forwardAuth` in a `middleware` entry; did you mean `authorize`?
            2:3: error: unknown key `auth_request` in a `middleware` entry; did you mean `authorize`?
            3:3: error: unknown key `ext_authz` in a `middleware` entry; did you mean `authorize`?
            4:3: error: unknown key `authorise` in a `middleware` entry; did you mean `authorize`?
            5:16: error: unknown key `address` in `authorize`; did you mean `url`?
            5:45: error: unknown key `authResponseHeaders` in `authorize`; did you mean `copy_response_headers`?
            5:76: error: unknown key `authRequestHeaders` in `authorize`; did you mean `copy_request_headers`?
            6:16: error: unknown key `uri` in `authorize`; did you mean `url`?
            6:41: error: unknown key `copy_headers` in `authorize`; did you mean `copy_response_headers`?
            6:65: error: unknown key `ca_file` in `authorize`; did you mean `ca`?
            6:90: error: unknown key `lifetime` in `cache`; did you mean `ttl`?
            """#))
    func authorize(_ policy: PolicyCase) { policy.check() }
}
