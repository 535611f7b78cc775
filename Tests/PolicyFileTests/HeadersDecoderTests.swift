import Testing

@testable import PolicyFile

struct HeadersDecoderTests {
    @Test(
        "headers",
        arguments: PolicyCase.table(
            .door,
            #"""
            == headers with all keys
            - token: { issuers: [local] }
            - headers:
                request:
                  set: { X-Auth-Subject: "${token.subject}", X-Client-IP: "${client.ip}", X-Cost: "5 $" }
                  add: { X-Via: "portcullis ${request.id}" }
                  remove: [Cookie, Authorization]
                response:
                  set: { Strict-Transport-Security: max-age=63072000 }
                  add: { X-Tenant: "${token.claims.tenant}/${token.id}" }
                  remove: [Server]
            ----
            token ["local"] from [PolicyModel.TokenSettings.Carrier.header("Authorization", scheme: Optional("Bearer"))] audience any scopes []
            headers request set ["X-Auth-Subject=<tokenSubject>", "X-Client-IP=<clientIP>", "X-Cost=5 $"] add ["X-Via=portcullis <requestID>"] remove ["Cookie", "Authorization"] response set ["Strict-Transport-Security=max-age=63072000"] add ["X-Tenant=<tokenClaim(\"tenant\")>/<tokenID>"] remove ["Server"]
            == headers that ask too early for the token
            - headers: { request: { set: { X-A: "${token.subject} ${token.id}" } }, response: { add: { X-B: "${token.claims.x}" } } }
            - token: { issuers: [local] }
            ----
            1:37: error: `${token.id}` needs an enforced `token` entry before this `headers` entry, and there is none
            1:37: error: `${token.subject}` needs an enforced `token` entry before this `headers` entry, and there is none
            1:97: error: `${token.claims.x}` needs an enforced `token` entry before this `headers` entry, and there is none
            """#)
            + PolicyCase.table(
                .middleware,
                #"""
                == headers that ask for a token of a public route
                - token: { issuers: [local], mode: shadow }
                - headers: { request: { set: { X-A: "${token.subject}" } } }
                ----
                2:37: error: `${token.subject}` needs an enforced `token` entry before this `headers` entry, and there is none
                == headers that ask for a certificate of no listener's
                - headers: { request: { set: { X-C: "${client.certificate}", X-D: "${client.certifcate}" } } }
                ----
                1:37: error: `${client.certificate}` needs `client_certificates` in a listener's `tls`, and there is none
                1:67: error: unknown variable `${client.certifcate}`; did you mean `${client.certificate}`?
                == headers without anything
                - headers: {}
                ----
                1:12: error: `headers` needs `request` or `response`, such as `request: { remove: [Cookie] }`
                == headers of the gateway
                - headers:
                    request:
                      set: { Host: a, Connection: b, sec-websocket-key: c, Content_Length: "1", X-Forwarded-For: d }
                      add: { Transfer-Encoding: e, Forwarded: f }
                      remove: [Upgrade, TE]
                    response:
                      set: { Sec-WebSocket-Protocol: chat, X-Forwarded-For: fine }
                ----
                3:14: error: the header `Host` belongs to the gateway, which sets or removes it as the protocol needs it
                3:23: error: the header `Connection` belongs to the gateway, which sets or removes it as the protocol needs it
                3:38: error: the header `sec-websocket-key` belongs to the gateway, which sets or removes it as the protocol needs it
                3:60: error: the header `Content_Length` belongs to the gateway, which sets or removes it as the protocol needs it
                3:81: error: the header `X-Forwarded-For` belongs to the gateway, which sets or removes it as the protocol needs it
                4:14: error: the header `Transfer-Encoding` belongs to the gateway, which sets or removes it as the protocol needs it
                4:36: error: the header `Forwarded` belongs to the gateway, which sets or removes it as the protocol needs it
                5:16: error: the header `Upgrade` belongs to the gateway, which sets or removes it as the protocol needs it
                5:25: error: the header `TE` belongs to the gateway, which sets or removes it as the protocol needs it
                7:14: error: the header `Sec-WebSocket-Protocol` belongs to the gateway, which sets or removes it as the protocol needs it
                == header names that are none
                - headers: { request: { set: { "X A": a, "": b }, remove: ["X:"] } }
                ----
                1:32: error: `X A` is no header name (RFC 9110 section 5.1)
                1:42: error: `` is no header name (RFC 9110 section 5.1)
                1:60: error: `X:` is no header name (RFC 9110 section 5.1)
                == header values that are wrong
                - headers:
                    request:
                      set: { X-A: "a\r\nX-B: b", X-C: "\0", X-D: 42, X-E: "${client.ip", X-F: "${token.subjct}", X-G: "${env.HOME}", X-H: [a] }
                ----
                3:19: error: the value of `X-A` holds a control character, such as a line break
                3:39: error: the value of `X-C` holds a control character, such as a line break
                3:50: error: `X-D` must be a text, and YAML reads `42` as something else; put it in quotes
                3:59: error: the value of `X-E` has `${` without `}`: `${client.ip`
                3:79: error: unknown variable `${token.subjct}`; did you mean `${token.subject}`?
                3:103: error: unknown variable `${env.HOME}`; there are `${token.subject}`, `${token.id}`, `${client.ip}`, `${client.certificate}`, `${request.id}` and `${token.claims.NAME}`
                3:123: error: `X-H` must be a text, not a list
                == header named twice
                - headers: { request: { set: { X-User-Id: a, x_user_id: b } } }
                ----
                1:46: error: `x_user_id` and `X-User-Id` are one header; remove one of them
                == headers of other kinds
                - headers: { request: { set: [X-A], remove: X-A, unset: [] }, response: none }
                ----
                1:30: error: `set` must be a mapping from header names to values, not a list
                1:45: error: `remove` must be a list, not `X-A`
                1:50: error: unknown key `unset` in `request`; did you mean `set`?
                1:73: error: `response` must be a mapping, with keys such as `set`, not `none`
                """#))
    func headers(_ policy: PolicyCase) { policy.check() }

    @Test("the client's certificate may be asked of any listener that has one")
    func certificate() throws {
        let text = """
            listeners:
              plain: { address: "127.0.0.1:1", tls: { certificates: [{ certificate: a, private_key: b }] } }
              mutual:
                address: 127.0.0.1:2
                tls:
                  certificates: [{ certificate: a, private_key: b }]
                  client_certificates: { authority: c }
            upstreams: { echo: { endpoints: ["ws://127.0.0.1:9001"] } }
            routes:
              - name: r
                match: { path: / }
                upstream: echo
                public: true
                middleware:
                  - headers: { request: { set: { X-Client: "${client.certificate}" } } }
            """
        let loaded = PolicyLoader.decode([PolicySource(name: "p", bytes: Array(text.utf8))])
        #expect(loaded.policy != nil && loaded.diagnostics.isEmpty)
    }
}
